import { expect, it } from 'vitest'
import { readIpv6 } from './read-ipv6.ts'

it.each([
  ['::ffff:1.2.3.4', ['1.2.3.4'], true],
  ['::FFFF:102:304', ['1.2.3.4'], true],
  ['0:0:0:0:0:ffff:1.2.3.4', ['1.2.3.4'], true],
  ['64:ff9b::1.2.3.4', ['1.2.3.4'], true],
  ['::1.2.3.4', ['1.2.3.4'], false],
  ['::ffff:0:1.2.3.4', ['1.2.3.4'], false],
  ['2002:102:304::1', ['1.2.3.4'], false],
  ['2001:0:102:304:8000:1:fafb:f8f7', ['1.2.3.4', '5.4.7.8'], false],
  ['fe12::5efe:1.2.3.4', ['1.2.3.4'], false],
  ['64:ff9b:1::1.2.3.4', ['1.2.3.4'], false],
  ['::1', [], false],
  ['::', [], false],
  ['2606:4700::1111', [], false],
  ['1:2:3:4:5:6:7:8', [], false],
])('reads %s', (address, embedded, isTranslated) => {
  expect(readIpv6(address)).toEqual({ embedded, isTranslated })
})

it('reads a network’s own NAT64 behind each length of prefix', () => {
  expect(readIpv6('64:ff9b:1:102:3:400::')?.embedded).toContain('1.2.3.4')
  expect(readIpv6('64:ff9b:1:1:2:304::')?.embedded).toContain('1.2.3.4')
  expect(readIpv6('64:ff9b:1:0:1:203:400::')?.embedded).toContain('1.2.3.4')
})

it.each(['1.2.3.4', '', ':::', '1:2:3'])('knows that %j is none', (text) => {
  expect(readIpv6(text)).toBeNull()
})
