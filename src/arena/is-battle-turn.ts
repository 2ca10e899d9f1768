/**
 * Whether a request to `auto` in a chat shows two hidden answers instead of one.
 *
 * @param u from 0 to below 1, drawn evenly
 * @param share the disclosed share, which the owner set; 0: never
 */
export function isBattleTurn(u: number, share: number): boolean {
  return u < share
}
