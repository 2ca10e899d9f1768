import { BlockList, isIP } from 'node:net'
import type { AddressPolicy } from '../catalog/index.ts'
import { readIpv6 } from './read-ipv6.ts'

// Operators may name private addresses: that is where their own servers are. Link-local ones hold
// cloud metadata (credentials of the machine itself), so nothing here ever talks to them.
const never = new BlockList()
never.addSubnet('169.254.0.0', 16, 'ipv4')
never.addAddress('100.100.100.200', 'ipv4') // Alibaba Cloud's metadata
never.addAddress('192.0.0.192', 'ipv4') // Oracle Cloud's metadata
never.addAddress('168.63.129.16', 'ipv4') // Azure's wire server
never.addSubnet('0.0.0.0', 8, 'ipv4') // 'this host': Linux connects it to itself
never.addAddress('255.255.255.255', 'ipv4')
never.addSubnet('224.0.0.0', 4, 'ipv4')
never.addSubnet('fe80::', 10, 'ipv6')
never.addSubnet('ff00::', 8, 'ipv6')
never.addSubnet('fd00:ec2::', 32, 'ipv6') // AWS's metadata, and what hands out credentials there
never.addAddress('fd20:ce::254', 'ipv6') // Google Cloud's metadata
never.addAddress('::', 'ipv6')

/** IPv4 that is not the public internet (IANA's special-purpose registry), beyond the above. */
const inside = new BlockList()
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // shared by carriers
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // relays of 6to4
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['240.0.0.0', 4],
] as const) {
  inside.addSubnet(net, prefix, 'ipv4')
}

/** Global unicast IPv6 is 2000::/3; within it, these are not the public internet. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
const special6 = new BlockList()
special6.addSubnet('2001::', 23, 'ipv6') // protocols, Teredo among them
special6.addSubnet('2001:db8::', 32, 'ipv6') // documentation
special6.addSubnet('2002::', 16, 'ipv6') // 6to4
special6.addSubnet('3fff::', 20, 'ipv6') // documentation

const NEVER_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
])
/** Names that lead inside by their definition (RFC 6761, 6762, 8375, 9476; ICANN for .internal). */
const INSIDE_NAMES = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|alt|onion)$/

/**
 * Whether an IP address may be contacted under a policy. An IPv4 address within an IPv6 one
 * (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) is judged, too. False for what is
 * no address.
 */
export function mayContactAddress(address: string, policy: AddressPolicy): boolean {
  const bare = address.replace(/%.*$/, '')
  const version = isIP(bare)
  if (version === 0) return false
  return version === 4 ? mayContact4(bare, policy) : mayContact6(bare, policy)
}

/** Whether a URL's host may be contacted: a literal address, or a name before it is resolved. */
export function mayContactHost(hostname: string, policy: AddressPolicy): boolean {
  const bare = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.+$/, '')
    .toLowerCase()
  if (isIP(bare.replace(/%.*$/, '')) !== 0) return mayContactAddress(bare, policy)
  if (bare === '' || NEVER_NAMES.has(bare)) return false
  return policy === 'private-allowed' || !INSIDE_NAMES.test(bare)
}

function mayContact4(address: string, policy: AddressPolicy): boolean {
  if (never.check(address, 'ipv4')) return false
  return policy === 'private-allowed' || !inside.check(address, 'ipv4')
}

function mayContact6(address: string, policy: AddressPolicy): boolean {
  const read = readIpv6(address)
  if (read === null || never.check(address, 'ipv6')) return false
  if (read.embedded.some((each) => never.check(each, 'ipv4'))) return false
  if (policy === 'private-allowed') return true
  if (!read.embedded.every((each) => mayContact4(each, policy))) return false
  if (read.isTranslated) return true // an IPv4 address in other clothes, and a public one
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
}
