import { describe, expect, it } from 'vitest'
import { mayContactAddress, mayContactHost } from './address-rules.ts'

const NEVER = [
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '0.0.0.0',
  '0.1.2.3',
  '255.255.255.255',
  '224.0.0.1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'ff02::1',
  'fd00:ec2::254',
  'fd00:ec2::23', // credentials of EKS pods
  'fd20:ce::254',
  '::ffff:169.254.169.254',
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::169.254.169.254',
  '64:ff9b:1:a9fe:a9:fe00::',
  '64:ff9b:1:a9:fe:a9fe::',
  '64:ff9b:1:0:a9:fea9:fe00:0',
  '2002:a9fe:a9fe::1',
  '2001:0:a9fe:a9fe::1',
  '2001:0:4136:e378:8000:63bf:5601:5601',
  'fd00::5efe:169.254.169.254',
  '',
  'nonsense',
  '1.2.3',
  '::1::2',
]

const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.5',
  '192.168.1.2',
  '172.16.0.1',
  '172.31.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  '240.0.0.1',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.1.2.3',
  '::ffff:0:10.1.2.3',
  'fd12::1',
  'fc00::1',
  'fec0::1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::10.0.0.1',
  '64:ff9b:1::8.8.8.8',
  '2002:7f00:1::',
  '2002:808:808::1',
  '2001:0:808:808::f7f7:f7f7',
  '2001:db8::1',
  '3fff::1',
  '100::1',
  '5f00::1',
  '4000::1',
]

const PUBLIC = [
  '8.8.8.8',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '198.20.0.1',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
]

describe('an address', () => {
  it.each(NEVER)('that is link-local, metadata or none is never contacted: %s', (address) => {
    expect(mayContactAddress(address, 'private-allowed')).toBe(false)
    expect(mayContactAddress(address, 'public-only')).toBe(false)
  })

  it.each(PRIVATE)('that is not the public internet is for operators alone: %s', (address) => {
    expect(mayContactAddress(address, 'private-allowed')).toBe(true)
    expect(mayContactAddress(address, 'public-only')).toBe(false)
  })

  it.each(PUBLIC)('of the public internet is for everybody: %s', (address) => {
    expect(mayContactAddress(address, 'private-allowed')).toBe(true)
    expect(mayContactAddress(address, 'public-only')).toBe(true)
  })
})

describe('a host', () => {
  it('has the names of metadata services, in any case and with a final dot', () => {
    for (const name of ['Metadata.Google.Internal.', 'metadata', '[fe80::1]', '', '.']) {
      expect([name, mayContactHost(name, 'private-allowed')]).toEqual([name, false])
    }
    expect(mayContactHost('metadata.example.com', 'public-only')).toBe(true)
  })

  it('whose name leads inside is for operators alone', () => {
    const names = [
      'localhost',
      'LOCALHOST.',
      'a.localhost',
      'box.local',
      'db.internal',
      'x.home.arpa',
    ]
    for (const name of names) {
      expect([name, mayContactHost(name, 'private-allowed')]).toEqual([name, true])
      expect([name, mayContactHost(name, 'public-only')]).toEqual([name, false])
    }
    expect(mayContactHost('localhost.example.com', 'public-only')).toBe(true)
  })
})

/** What a URL's host becomes by the rules of URLs, as it is then judged. */
function mayContactUrl(url: string): boolean | 'no URL' {
  const parsed = URL.parse(url)
  return parsed === null ? 'no URL' : mayContactHost(parsed.hostname, 'public-only')
}

describe('another way to write an address of this machine or its network', () => {
  it.each([
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f.0.0.1/',
    'http://0x7F000001/',
    'http://017700000001/',
    'http://127.1/',
    'http://127.0.1/',
    'http://127.0.0.1./',
    'http://10.1/',
    'http://3232235777/',
    'http://0/',
    'http://user:pass@127.0.0.1/',
    'http://example.com@127.0.0.1/',
    'http://example.com:80@[::1]/',
    'http://%31%32%37.0.0.1/',
    'http://%6c%6f%63%61%6c%68%6f%73%74/',
    'http://LOCALHOST/',
    'http://LocalHost./',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://ｌｏｃａｌｈｏｓｔ/',
    'http://127。0。0。1/',
    'http://loc\u00adalhost/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::FFFF:7F00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http:127.0.0.1/',
    'http:\\\\127.0.0.1/',
    'http:/\t/127.0.0.1/',
  ])('is refused: %s', (url) => {
    expect(mayContactUrl(url)).toBe(false)
  })

  it.each([
    'http://[fe80::1%25eth0]/',
    'http://[::1%25lo]/',
    'http://256.256.256.256/',
    'http://1.2.3.4.5/',
  ])('is no address at all: %s', (url) => {
    expect(mayContactUrl(url)).toBe('no URL')
  })
})
