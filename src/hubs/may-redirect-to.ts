import type { AddressPolicy } from '../catalog/index.ts'
import type { Hub } from './types.ts'

/**
 * Whether a hub may send us to a host for a file: its own, hosts below its own, those it is known
 * to hand files out from, and those the operator allows. A mirror is answered by the hosts of the
 * hub it mirrors, too: that is how most of them work.
 */
export function mayRedirectTo(hub: Hub, host: string): boolean {
  const name = plain(host)
  const own = ownHost(hub)
  const isBelow = isNamed(own) && name.endsWith(`.${own}`)
  return (
    name === own ||
    isBelow ||
    [...hub.fileHosts, ...hub.allowedHosts].some((pattern) => fits(pattern, name))
  )
}

/**
 * What addresses a host of a hub may have. Inside this network are only hosts that the operator
 * named: the mirror itself and those of BAIMO_HUB_HOSTS. What a hub names is outside.
 */
export function policyOf(hub: Hub, host: string): AddressPolicy {
  const name = plain(host)
  const isMirror = hub.isEndpointSet && name === ownHost(hub)
  const isKnown = isMirror || hub.allowedHosts.some((pattern) => fits(pattern, name))
  return isKnown ? 'private-allowed' : 'public-only'
}

function ownHost(hub: Hub): string {
  return plain(new URL(hub.endpoint).hostname)
}

function plain(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

/** Whether a host is a name, not a literal address. */
function isNamed(host: string): boolean {
  return !/^[\d.]+$|^\[/.test(host)
}

/** `*.name`: any host below it; a `*` elsewhere: letters, digits and hyphens of one label. */
function fits(pattern: string, host: string): boolean {
  const wanted = pattern.trim().toLowerCase()
  if (wanted.startsWith('*.')) return host.endsWith(wanted.slice(1)) && host.length >= wanted.length
  const source = wanted
    .split('*')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('[a-z0-9-]*')
  return new RegExp(`^${source}$`).test(host)
}
