/**
 * People may have no e-mail address, and better-auth's schema wants one: these stand for none.
 * `.invalid` is reserved (RFC 2606), so that no message can ever be sent there.
 */
const NONE = '@people.invalid'

/** What is kept for a person's address: in lower case, as better-auth looks it up. */
export function keptEmail(email: string | null, personId: string): string {
  return email === null ? personId + NONE : email.toLowerCase()
}

/** What is shown of it; null: there is none. */
export function shownEmail(kept: string): string | null {
  return kept.endsWith(NONE) ? null : kept
}
