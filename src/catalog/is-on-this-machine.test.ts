import { expect, it } from 'vitest'
import { isOnThisMachine } from './is-on-this-machine.ts'

it.each([
  ['http://localhost:11434/v1', true],
  ['http://engine.localhost/v1', true],
  ['http://127.0.0.1:8000/v1', true],
  ['http://127.9.9.9/v1', true],
  ['http://[::1]:8080/v1', true],
  ['http://10.0.0.5:8000/v1', false],
  ['https://localhost.example.com/v1', false],
  ['https://127.0.0.1.example.com/v1', false],
  ['nonsense', false],
])('%s: %s', (url, expected) => {
  expect(isOnThisMachine(url)).toBe(expected)
})
