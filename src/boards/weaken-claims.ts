import { Buffer } from 'node:buffer'
import { pairPlace, unpackClaims } from './pack-claims.ts'
import type { ModelRow, VersionPayload } from './types-versions.ts'

const BITS_OF_LEANING = 2

/**
 * The version as it is told outside: certified claims that fewer forged votes than `least` would
 * bring down are leaning, in ranks, tiers and answers too.
 */
export function weakenClaims(payload: VersionPayload, least: number): VersionPayload {
  const weak = payload.fragile.filter(([, votes]) => votes < least).map(([place]) => place)
  if (weak.length === 0) return payload
  const bytes = Buffer.from(payload.claims, 'base64')
  for (const place of weak) {
    const shift = (place % 4) * 2
    const rest = (bytes[place >> 2] ?? 0) & ~(3 << shift)
    bytes[place >> 2] = rest | (BITS_OF_LEANING << shift)
  }
  const claims = bytes.toString('base64')
  const n = payload.models.length
  const indexOf = new Map(payload.models.map(({ name }, index) => [name, index]))
  const isWeak = (a: string, b: string): boolean => {
    const [i, j] = [indexOf.get(a) ?? 0, indexOf.get(b) ?? 0]
    return i !== j && weak.includes(pairPlace(Math.min(i, j), Math.max(i, j), n))
  }
  return {
    ...payload,
    claims,
    models: rankAnew(payload.models, claims),
    fragile: payload.fragile.filter(([, votes]) => votes >= least),
    certifiedCount: payload.certifiedCount - weak.length,
    leaningCount: payload.leaningCount + weak.length,
    best: payload.best.map((answer) => {
      const lost = payload.models.filter(({ name }) => isWeak(answer.leader, name)).length
      const status = lost > 0 && answer.status === 'certified' ? 'leaning' : answer.status
      return { ...answer, status, rivalCount: answer.rivalCount + lost }
    }),
    trust: {
      ...payload.trust,
      retirements: payload.trust.retirements.map((answer) =>
        answer.status === 'certified' && isWeak(answer.by, answer.model)
          ? { ...answer, status: 'leaning' }
          : answer,
      ),
    },
  }
}

/** Ranks and tiers by certified claims, whose direction is that of the ratings. */
function rankAnew(models: readonly ModelRow[], claims: string): ModelRow[] {
  const statusOf = unpackClaims(claims, models.length)
  const order = [...models.keys()].sort(
    (a, b) => (models[b]?.rating ?? -Infinity) - (models[a]?.rating ?? -Infinity),
  )
  const tiers = new Int32Array(models.length).fill(1)
  const better = new Int32Array(models.length)
  const worse = new Int32Array(models.length)
  for (const [at, i] of order.entries())
    for (const j of order.slice(at + 1)) {
      if (statusOf(i, j) !== 'certified') continue
      tiers[j] = Math.max(tiers[j] ?? 1, (tiers[i] ?? 1) + 1)
      better[j] = (better[j] ?? 0) + 1
      worse[i] = (worse[i] ?? 0) + 1
    }
  return models.map((row, i) => ({
    ...row,
    rankLow: 1 + (better[i] ?? 0),
    rankHigh: models.filter(({ island }) => island === row.island).length - (worse[i] ?? 0),
    tier: tiers[i] ?? 1,
  }))
}
