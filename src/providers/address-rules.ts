import { BlockList, isIP } from 'node:net'

// Operators may name private addresses: that is where their own servers are. Link-local ones hold
// cloud metadata (credentials of the machine itself), so nothing here ever talks to them.
const forbidden = new BlockList()
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('100.100.100.200', 'ipv4') // Alibaba Cloud's metadata
forbidden.addAddress('192.0.0.192', 'ipv4') // Oracle Cloud's metadata
forbidden.addAddress('168.63.129.16', 'ipv4') // Azure's wire server
forbidden.addAddress('0.0.0.0', 'ipv4')
forbidden.addSubnet('255.255.255.255', 32, 'ipv4')
forbidden.addSubnet('224.0.0.0', 4, 'ipv4')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addSubnet('ff00::', 8, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6') // AWS's metadata
forbidden.addAddress('fd20:ce::254', 'ipv6') // Google Cloud's metadata
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6') // 169.254.0.0/16 behind NAT64
forbidden.addSubnet('2002:a9fe::', 32, 'ipv6') // the same by 6to4
forbidden.addAddress('::', 'ipv6')

const FORBIDDEN_NAMES = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
])

/** Whether an IP address (either version, also IPv4 written as IPv6) may never be contacted. */
export function isForbiddenAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  const version = isIP(bare)
  if (version === 0) return false
  return forbidden.check(bare, version === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a URL's host, name or literal address, may never be contacted. */
export function isForbiddenHost(hostname: string): boolean {
  const bare = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  return FORBIDDEN_NAMES.has(bare) || isForbiddenAddress(bare)
}
