import { expect, test } from 'vitest'
import { ballastFor, decideDisk } from './disk-decide.ts'

const MB = 1024 * 1024
const RESERVE = 64 * MB

const decide = (freeMb: number, before: { wasFull: boolean; hasBallast: boolean }) =>
  decideDisk({ freeBytes: freeMb * MB, ...before }, RESERVE)

test('a disk with less room than the reserve is full, and keeps its ballast', () => {
  expect(decide(64, { wasFull: false, hasBallast: true }).isFull).toBe(false)
  expect(decide(63, { wasFull: false, hasBallast: true })).toEqual({
    isFull: true,
    ballast: 'keep',
  })
})

test('the ballast goes when next to nothing is left', () => {
  expect(decide(8, { wasFull: true, hasBallast: true }).ballast).toBe('keep')
  expect(decide(7, { wasFull: true, hasBallast: true }).ballast).toBe('give-up')
  expect(decide(0, { wasFull: false, hasBallast: true })).toEqual({
    isFull: true,
    ballast: 'give-up',
  })
})

test('a full disk counts as full until an eighth more than the reserve is free', () => {
  expect(decide(71, { wasFull: true, hasBallast: true }).isFull).toBe(true)
  expect(decide(72, { wasFull: true, hasBallast: true }).isFull).toBe(false)
})

test('the ballast comes back only where it does not fill the disk again', () => {
  expect(ballastFor(RESERVE)).toBe(32 * MB)
  expect(decide(103, { wasFull: false, hasBallast: false }).ballast).toBe('keep')
  expect(decide(104, { wasFull: false, hasBallast: false }).ballast).toBe('make')
  const after = decide(104 - 32, { wasFull: true, hasBallast: true })
  expect(after).toEqual({ isFull: false, ballast: 'keep' })
})
