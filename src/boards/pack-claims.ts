import { Buffer } from 'node:buffer'
import type { ClaimStatus } from '../ratings/index.ts'

const WORDS: readonly (ClaimStatus | null)[] = [null, 'undecided', 'leaning', 'certified']

/** The place of an unordered pair i < j of n in (0,1), (0,2), …, (1,2), … */
export function pairPlace(i: number, j: number, n: number): number {
  return i * n - (i * (i + 1)) / 2 + (j - i - 1)
}

/** The statuses of all unordered pairs of n models as text: two bits each; 0 between islands. */
export function packClaims(
  claims: readonly {
    readonly better: number
    readonly worse: number
    readonly status: ClaimStatus
  }[],
  n: number,
): string {
  const bytes = new Uint8Array(Math.ceil((n * (n - 1)) / 8))
  for (const { better, worse, status } of claims) {
    const place = pairPlace(Math.min(better, worse), Math.max(better, worse), n)
    const bits = WORDS.indexOf(status) << ((place % 4) * 2)
    bytes[place >> 2] = (bytes[place >> 2] as number) | bits
  }
  return Buffer.from(bytes).toString('base64')
}

/** The status of the pair i, j of `n`; null: no island holds both. */
export function unpackClaims(
  text: string,
  n: number,
): (i: number, j: number) => ClaimStatus | null {
  const bytes = Buffer.from(text, 'base64')
  return (i, j) => {
    const place = pairPlace(Math.min(i, j), Math.max(i, j), n)
    return WORDS[((bytes[place >> 2] ?? 0) >> ((place % 4) * 2)) & 3] ?? null
  }
}
