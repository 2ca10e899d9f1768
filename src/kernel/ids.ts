// edge: talks to the machine's randomness and clock
import { randomUUIDv7 } from 'node:crypto'

declare const brand: unique symbol
/** A string that names one kind of thing; the brand exists for the compiler only. */
export type Id<Name extends string> = string & { readonly [brand]: Name }

export type RequestId = Id<'request'>
export type OrganisationId = Id<'organisation'>
export type TeamId = Id<'team'>
export type PersonId = Id<'person'>
/** Who usage, votes and books refer to. Opaque: only `people/` can tie it to a person or team. */
export type SubjectId = Id<'subject'>
export type KeyId = Id<'key'>
export type ModelId = Id<'model'>
export type VariantId = Id<'variant'>
export type ProviderId = Id<'provider'>
export type ListingId = Id<'listing'>

/** A new UUID of version 7: ordered by time, to the millisecond: an index on it stays compact. */
export function newId<Name extends string>(): Id<Name> {
  return randomUUIDv7() as Id<Name>
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether text from outside has the shape of an id (a UUID of any version). */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
