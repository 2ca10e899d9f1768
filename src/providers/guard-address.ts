import type { LookupFunction } from 'node:net'
import type { AddressPolicy } from '../catalog/index.ts'
import { mayContactAddress, mayContactHost } from './address-rules.ts'
import { refuseProvider } from './errors.ts'

/** Throws `providers_address_forbidden` for a URL's host that the policy does not let in. */
export function refuseForbiddenHost(hostname: string, policy: AddressPolicy): void {
  if (!mayContactHost(hostname, policy)) throw forbiddenAddress(policy)
}

/**
 * A lookup that refuses a name which leads to a forbidden address, be it one of several. What it
 * passes on is what the connection uses: nothing is resolved again between the check and the call.
 */
export function guardLookup(resolve: LookupFunction, policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map((entry) => entry.address) : [found]
      const isForbidden =
        error === null && !addresses.every((address) => mayContactAddress(address, policy))
      if (isForbidden) callback(forbiddenAddress(policy), '', 0)
      else callback(error, found, family)
    })
  }
}

function forbiddenAddress(policy: AddressPolicy): Error {
  return refuseProvider(
    'providers_address_forbidden',
    policy === 'private-allowed'
      ? 'This address is link-local or serves cloud metadata and is never contacted.'
      : 'This address does not lie on the public internet: give one that does.',
    { param: 'url' },
  )
}
