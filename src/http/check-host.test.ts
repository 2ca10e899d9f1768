import { expect, test } from 'vitest'
import { allowedHosts, isAllowedHost, isLoopback } from './check-host.ts'

test('bound to loopback, only loopback’s names and the configured ones are answered', () => {
  const hosts = allowedHosts('127.0.0.1', ['Market.example:443'])
  for (const header of [
    'localhost',
    'LOCALHOST:7777',
    '127.0.0.1:1',
    '[::1]:7777',
    'market.example',
  ])
    expect([header, isAllowedHost(header, hosts)]).toEqual([header, true])
  for (const header of [
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
  ])
    expect([header, isAllowedHost(header, hosts)]).toEqual([header, false])
})

test('bound to the network, every name is answered until some are configured', () => {
  expect(isAllowedHost('anything.example', allowedHosts('0.0.0.0', []))).toBe(true)
  const hosts = allowedHosts('0.0.0.0', ['market.example'])
  expect(isAllowedHost('anything.example', hosts)).toBe(false)
  expect(isAllowedHost('market.example:7777', hosts)).toBe(true)
  expect(isAllowedHost('localhost:7777', hosts)).toBe(true)
})

test('the public address is answered, and alone it keeps no other name out', () => {
  const behindProxy = allowedHosts('127.0.0.1', [], 'https://market.example:8443')
  expect(isAllowedHost('market.example', behindProxy)).toBe(true)
  expect(isAllowedHost('evil.example', behindProxy)).toBe(false)
  expect(isAllowedHost('10.0.0.7:7777', allowedHosts('0.0.0.0', [], 'https://m.example'))).toBe(
    true,
  )
  const both = allowedHosts('0.0.0.0', ['inside.example'], 'https://m.example')
  expect(isAllowedHost('m.example', both)).toBe(true)
  expect(isAllowedHost('10.0.0.7:7777', both)).toBe(false)
})

test('what loopback is', () => {
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1'])
    expect(isLoopback(host)).toBe(true)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example'])
    expect(isLoopback(host)).toBe(false)
})
