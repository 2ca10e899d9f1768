import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { findMarket, readHomeMarket } from './find-market.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'baimo-find-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function note(pid: number): void {
  writeFileSync(join(home, 'market.json'), JSON.stringify({ url: 'http://127.0.0.1:7777/', pid }))
}

const configOf = (env: Record<string, string> = {}) => readConfig({ BAIMO_HOME: home, ...env })

it('finds the market that runs on the home, and its owner’s key', () => {
  note(process.pid)
  writeFileSync(join(home, 'owner.key'), 'baimo_key\n')
  expect(findMarket(configOf())).toEqual({
    url: 'http://127.0.0.1:7777',
    urlSource: 'home',
    key: 'baimo_key',
    keySource: join(home, 'owner.key'),
  })
})

it.each([
  'http://me:pass-word@baimo.example',
  'http://me:pass-word@baimo.example/x:y',
  'me:pass-word@baimo.example',
  'ftp://me:pass-word@baimo.example',
  'http://me:pass-word/2@[baimo',
])('refuses %s and tells no password', (url) => {
  const refused = () => findMarket(configOf({ BAIMO_URL: url }))
  expect(refused).toThrow('BAIMO_URL')
  expect(refused).not.toThrow('pass-word')
})

it('takes BAIMO_URL and BAIMO_KEY before the home', () => {
  const env = { BAIMO_URL: 'https://baimo.example/', BAIMO_KEY: 'k' }
  expect(findMarket(configOf(env))).toEqual({
    url: 'https://baimo.example',
    urlSource: 'BAIMO_URL',
    key: 'k',
    keySource: 'BAIMO_KEY',
  })
})

it('tells a market that ended from one that never ran', () => {
  expect(readHomeMarket(home).kind).toBe('none')
  expect(() => findMarket(configOf())).toThrow(`No market runs on ${home}.`)
  note(4_194_304) // above the largest process id
  expect(readHomeMarket(home).kind).toBe('gone')
  expect(() => findMarket(configOf())).toThrow(`The market of ${home} has ended.`)
})

it.each(['{', '[]', '{"url":7,"pid":1}', ''])('takes a note like %j for none', (text) => {
  writeFileSync(join(home, 'market.json'), text)
  expect(readHomeMarket(home).kind).toBe('none')
})

it('refuses an address that is none', () => {
  expect(() => findMarket(configOf({ BAIMO_URL: 'baimo.example' }))).toThrow('BAIMO_URL must be')
})

it('refuses what cannot be a key before it is sent', () => {
  const env = { BAIMO_URL: 'http://a', BAIMO_KEY: 'two words' }
  expect(() => findMarket(configOf(env))).toThrow('What BAIMO_KEY holds is no key')
})

it('goes on without a key, which the market will ask for', () => {
  expect(findMarket(configOf({ BAIMO_URL: 'http://a' })).key).toBeNull()
})
