import { expect, it } from 'vitest'
import { isLoopback } from './priced-listing.ts'

it.each([
  ['http://localhost:11434/v1', true],
  ['http://engine.localhost/v1', true],
  ['http://127.0.0.1:8000/v1', true],
  ['http://[::1]:8000/v1', true],
  ['http://192.168.1.5/v1', false],
  ['https://localhost.example.com/v1', false],
  ['not an address', false],
])('isLoopback(%j) is %s', (url, isHere) => {
  expect(isLoopback(url)).toBe(isHere)
})
