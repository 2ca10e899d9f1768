import { describe, expect, it } from 'vitest'
import { backoffMs, decideNext, mostAttempts } from './decide-next.ts'
import type { Candidate } from './types.ts'

function candidate(over: Partial<Candidate> = {}): Candidate {
  return { tries: 0, retries: 9, isSpent: false, notBeforeMs: 0, standing: 'healthy', ...over }
}
const at = { attempts: 1, most: 3, nowMs: 1_000, random: 0.5 }

describe('decideNext', () => {
  it('sends at once to a healthy listing that was not asked yet', () => {
    const candidates = [candidate({ tries: 1 }), candidate(), candidate()]
    expect(decideNext(candidates, at)).toEqual({ kind: 'send', index: 1, waitMs: 0 })
  })

  it('sends again to the only listing, after half of the first bound', () => {
    expect(decideNext([candidate({ tries: 1 })], at)).toEqual({
      kind: 'send',
      index: 0,
      waitMs: 75,
    })
  })

  it('waits at least as long as the listing wishes', () => {
    const step = decideNext([candidate({ tries: 1, notBeforeMs: 3_500 })], at)
    expect(step).toEqual({ kind: 'send', index: 0, waitMs: 2_500 })
  })

  it('asks one that is busy rather than one again that failed, and a healthy one first', () => {
    const [failed, busy] = [candidate({ tries: 1 }), candidate({ standing: 'busy' })]
    expect(decideNext([failed, busy], at)).toEqual({ kind: 'send', index: 1, waitMs: 0 })
    expect(decideNext([failed, busy, candidate()], at)).toMatchObject({ index: 2 })
    // Once it was asked too, they take turns.
    const both = [failed, candidate({ standing: 'busy', tries: 1 })]
    expect(decideNext(both, at)).toMatchObject({ index: 0 })
  })

  it('asks one that is busy rather than none', () => {
    const candidates = [candidate({ tries: 1, isSpent: true }), candidate({ standing: 'busy' })]
    expect(decideNext(candidates, at)).toEqual({ kind: 'send', index: 1, waitMs: 0 })
  })

  it('asks again whom it asked least, the first among equals', () => {
    const tries = (counts: number[]) => counts.map((count) => candidate({ tries: count }))
    expect(decideNext(tries([2, 1]), { ...at, most: 9 })).toMatchObject({ index: 1 })
    expect(decideNext(tries([1, 1]), { ...at, most: 9 })).toMatchObject({ index: 0 })
  })

  it.each([
    ['that are spent', { isSpent: true }],
    ['that rest', { standing: 'resting' as const }],
  ])('stops where there are only listings %s', (_name, over) => {
    expect(decideNext([candidate(over), candidate({ ...over, tries: 1 })], at)).toEqual({
      kind: 'stop',
    })
  })

  it('stops when all attempts are used, whatever is left to ask', () => {
    expect(decideNext([candidate()], { ...at, attempts: 3 })).toEqual({ kind: 'stop' })
    expect(decideNext([candidate()], { ...at, attempts: 1, most: 1 })).toEqual({ kind: 'stop' })
  })

  it('asks none again beyond its own retries, but others that were not asked', () => {
    const tried = candidate({ tries: 1, retries: 0 })
    expect(decideNext([tried], at)).toEqual({ kind: 'stop' })
    expect(decideNext([tried, candidate({ retries: 0 })], at)).toMatchObject({ index: 1 })
    expect(decideNext([tried, candidate({ tries: 1, retries: 1 })], at)).toMatchObject({ index: 1 })
    expect(decideNext([candidate({ tries: 2, retries: 1 })], at)).toEqual({ kind: 'stop' })
  })

  it('chooses the first listing before anything was sent, without retries too', () => {
    const first = { ...at, attempts: 0, most: 1 }
    const candidates = [candidate({ standing: 'resting' }), candidate()]
    expect(decideNext(candidates, first)).toEqual({ kind: 'send', index: 1, waitMs: 0 })
  })
})

describe('mostAttempts', () => {
  it('are bounded by the retries, and by two other listings where there are any', () => {
    expect(mostAttempts(0, false)).toBe(1)
    expect(mostAttempts(0, true)).toBe(3)
    expect(mostAttempts(2, false)).toBe(3)
    expect(mostAttempts(2, true)).toBe(3)
    expect(mostAttempts(7, true)).toBe(8)
  })
})

describe('backoffMs', () => {
  it('is drawn from nothing to a bound that doubles up to two seconds', () => {
    const bounds = [1, 2, 3, 4, 5, 9].map((tries) => backoffMs(tries, 1))
    expect(bounds).toEqual([150, 300, 600, 1_200, 2_000, 2_000])
    expect(backoffMs(3, 0)).toBe(0)
    expect(backoffMs(2, 0.25)).toBe(75)
  })
})
