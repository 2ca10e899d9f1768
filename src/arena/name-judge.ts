import { createHash } from 'node:crypto'

/** The one id that a judge has on an organisation's boards: a UUID made from its name. */
export function raterOfJudge(organisationId: string, judge: string): string {
  const hash = createHash('sha256').update(`judge ${organisationId} ${judge}`).digest('hex')
  const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16)
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-')
}

/** The model that judges, as `model:publisher/name` says; null: it says none. */
export function modelOfJudge(judge: string): string | null {
  return /^model:([^/\s]+\/\S+)$/.exec(judge)?.[1] ?? null
}
