import { Command } from 'commander'
import { expect, it } from 'vitest'
import {
  composeResilience,
  describeResilience,
  summariseResilience,
  withMaxConnections,
  withResilience,
} from './resilience-options.ts'

function parse(...args: string[]) {
  const command = withMaxConnections(withResilience(new Command('set'))).exitOverride()
  command.configureOutput({ writeErr: () => {} })
  return composeResilience(command.parse(args, { from: 'user' }).opts())
}

it('takes spans as people write them, switches both ways, and says nothing of the rest', () => {
  expect(parse()).toBeNull()
  expect(parse('--retries', '0', '--no-fallback', '--idle-timeout', '60s')).toEqual({
    retries: 0,
    falls_back: false,
    idle_timeout_ms: 60_000,
  })
  expect(parse('--fallback', '--breaker', '--keep-alive', '5s')).toEqual({
    falls_back: true,
    has_breaker: true,
    keep_alive_ms: 5_000,
  })
  expect(parse('--no-breaker', '--no-keep-alive', '--max-connections', '9')).toEqual({
    has_breaker: false,
    keep_alive_ms: 0,
    max_connections: 9,
  })
})

it('puts defaults back by the names of the options', () => {
  expect(parse('--unset', 'retries,idle-timeout', '--unset', '--no-fallback')).toEqual({
    retries: null,
    idle_timeout_ms: null,
    falls_back: null,
  })
  expect(() => parse('--retries', '0', '--unset', 'retries')).toThrow('not both')
  expect(() => parse('--unset', 'colour')).toThrow('no setting "colour"')
})

it.each([
  ['--retries', '11'],
  ['--idle-timeout', '60'],
  ['--connect-timeout', '50ms'],
  ['--keep-alive', '500ms'],
  ['--max-connections', '0'],
])('refuses %s %s', (...args) => {
  expect(() => parse(...args)).toThrow()
})

it('shows what counts, and what of it is set', () => {
  const resilience = {
    set: { retries: 0, keep_alive_ms: 0 },
    in_force: { retries: 0, falls_back: true, keep_alive_ms: 0, idle_timeout_ms: 300_000 },
  }
  expect(describeResilience(resilience)).toEqual([
    ['retries', '0', 'set'],
    ['fallback', 'on', ''],
    ['idle-timeout', '5 min', ''],
    ['keep-alive', 'off', 'set'],
  ])
  expect(summariseResilience(resilience)).toBe('retries 0, keep-alive off')
  expect(summariseResilience({ ...resilience, set: {} })).toBeNull()
})
