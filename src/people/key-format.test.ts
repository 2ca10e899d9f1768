import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { composeKey, hashSecret, isWellFormedKey, prefixOfKey } from './key-format.ts'

test('a new key is well formed, and no two are alike', () => {
  const keys = Array.from({ length: 200 }, () => composeKey(randomBytes(64)))
  for (const key of keys) {
    expect(key).toMatch(/^baimo_[0-9A-Za-z]{42}$/)
    expect(isWellFormedKey(key ?? '')).toBe(true)
  }
  expect(new Set(keys).size).toBe(200)
})

test('a key with one character changed is not well formed', () => {
  const key = composeKey(randomBytes(64)) ?? ''
  for (let index = 0; index < key.length; index++) {
    const other = key[index] === 'x' ? 'y' : 'x'
    expect(isWellFormedKey(key.slice(0, index) + other + key.slice(index + 1))).toBe(false)
  }
})

test('anything else is not well formed, whatever it is', () => {
  for (const text of ['', 'baimo_', 'sk-1234', 'x'.repeat(48), 'baimo_'.padEnd(1_000_000, 'a')]) {
    expect(isWellFormedKey(text)).toBe(false)
  }
})

test('too few usable random bytes give no key rather than a short one', () => {
  expect(composeKey(new Uint8Array(64).fill(255))).toBeNull()
  expect(composeKey(new Uint8Array(10))).toBeNull()
})

test('the kept prefix shows six random characters, and the hash is SHA-256', () => {
  expect(prefixOfKey('baimo_abcdefghijkl')).toBe('baimo_abcdef')
  expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
