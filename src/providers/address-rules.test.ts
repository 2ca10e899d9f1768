import { expect, it } from 'vitest'
import { isForbiddenAddress, isForbiddenHost } from './address-rules.ts'

it.each([
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'ff02::1',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
])('never contacts %s', (address) => {
  expect(isForbiddenAddress(address)).toBe(true)
})

it.each(['127.0.0.1', '10.0.0.5', '192.168.1.2', '172.16.0.1', '::1', 'fd12::1', '8.8.8.8'])(
  'lets operators name %s',
  (address) => {
    expect(isForbiddenAddress(address)).toBe(false)
  },
)

it('knows the names of metadata services, in any case and with a final dot', () => {
  expect(isForbiddenHost('Metadata.Google.Internal.')).toBe(true)
  expect(isForbiddenHost('[fe80::1]')).toBe(true)
  expect(isForbiddenHost('localhost')).toBe(false)
  expect(isForbiddenHost('metadata.example.com')).toBe(false)
})
