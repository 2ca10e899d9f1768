import { expect, test } from 'vitest'
import { boundConnections, readOpenFiles } from './bound-connections.ts'

test('clients get half of the descriptors that the market does not need itself', () => {
  expect(boundConnections(1_024)).toBe(480)
  expect(boundConnections(1_048_576)).toBe(524_256)
  expect(boundConnections(64)).toBe(1)
})

test('an unknown number of descriptors bounds nothing', () => {
  expect(boundConnections(null)).toBeNull()
})

test('the soft limit is read, and one without a number is none', () => {
  const line = (soft: string) =>
    `Max processes  1 1 processes\nMax open files            ${soft}  4096  files\n`
  expect(readOpenFiles(line('1024'))).toBe(1_024)
  expect(readOpenFiles(line('unlimited'))).toBeNull()
  expect(readOpenFiles('')).toBeNull()
})
