import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { Breaker, type Trial } from './breaker.ts'

/** Half: rests are exactly as long as they are meant. */
const EVEN = 0.5

/** A breaker that has opened at `atMs`. */
function opened(atMs = 1_000): Breaker {
  const breaker = new Breaker()
  for (let at = 0; at < 5; at += 1) breaker.failed(null, atMs, EVEN)
  return breaker
}

/** The number of the trial that enters, as one must. */
function trialOf(breaker: Breaker, nowMs: number): number {
  const entry = breaker.enter(nowMs)
  if (typeof entry !== 'number') throw new Error(`${entry}, and no trial`)
  return entry
}

describe('a breaker', () => {
  it('opens at the fifth failure, not before', () => {
    const breaker = new Breaker()
    const opens = [1, 2, 3, 4, 5].map((at) => breaker.failed(null, at * 100, EVEN))
    expect(opens).toEqual([false, false, false, false, true])
    expect(breaker.enter(600)).toBe('refused')
    expect(breaker.standing(600)).toBe('resting')
  })

  it('opens only when at least half of the last 20 failed', () => {
    const breaker = new Breaker()
    for (let at = 0; at < 20; at += 1) breaker.succeeded(null, 1_000)
    const opens = Array.from({ length: 10 }, () => breaker.failed(null, 1_001, EVEN))
    expect(opens.indexOf(true)).toBe(9)
  })

  it('forgets what is older than a minute', () => {
    const breaker = new Breaker()
    for (let at = 0; at < 4; at += 1) breaker.failed(null, 1_000, EVEN)
    expect(breaker.failed(null, 61_001, EVEN)).toBe(false)
    expect(breaker.health('l', 61_001)).toMatchObject({ failures: 1, outcomes: 1 })
  })

  it('rests for five seconds, then lets one trial at a time in', () => {
    const breaker = opened(1_000)
    expect(breaker.restsForMs(2_000)).toBe(4_000)
    expect(breaker.enter(5_999)).toBe('refused')
    expect(breaker.enter(6_000)).toBe(1)
    expect(breaker.enter(6_001)).toBe('refused')
    expect(breaker.health('l', 6_001)).toMatchObject({ state: 'half_open' })
  })

  it('closes when a trial succeeds or its answer begins, and knows nothing of before', () => {
    for (const end of ['succeeded', 'began'] as const) {
      const breaker = opened()
      breaker[end](trialOf(breaker, 6_000), 6_100)
      expect(breaker.enter(6_200)).toBe('free')
      const { failures, openings } = breaker.health('l', 6_200)
      expect({ failures, openings }).toEqual({ failures: 0, openings: 0 })
    }
  })

  it('rests twice as long each time a trial fails, five minutes at most', () => {
    const breaker = opened()
    const rests: number[] = []
    let nowMs = 1_000
    for (let round = 0; round < 9; round += 1) {
      rests.push(breaker.restsForMs(nowMs))
      nowMs += breaker.restsForMs(nowMs)
      expect(breaker.failed(trialOf(breaker, nowMs), nowMs, EVEN)).toBe(true)
    }
    expect(rests).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1_000))
  })

  it('rests by a fifth shorter or longer, as chance will have it', () => {
    const rest = (random: number): number => {
      const breaker = new Breaker()
      for (let at = 0; at < 5; at += 1) breaker.failed(null, 1_000, random)
      return breaker.restsForMs(1_000)
    }
    expect(rest(0)).toBeCloseTo(4_000)
    expect(rest(1)).toBeCloseTo(6_000)
  })

  it('gives a trial’s place to the next when it ends without a word about the listing', () => {
    const breaker = opened()
    breaker.leave(trialOf(breaker, 6_000))
    breaker.busy(trialOf(breaker, 6_001), 6_002, null)
    expect(breaker.enter(6_003)).toBe(3)
  })

  it('does not let a trial that says nothing keep everybody out', () => {
    const breaker = opened()
    breaker.enter(6_000)
    expect(breaker.enter(35_999)).toBe('refused')
    expect(breaker.enter(36_000)).toBe(2)
  })

  it('takes no word from a trial whose place another took', () => {
    const ends = [
      (breaker: Breaker, trial: number) => breaker.leave(trial),
      (breaker: Breaker, trial: number) => breaker.busy(trial, 36_001, null),
      (breaker: Breaker, trial: number) => breaker.began(trial),
      (breaker: Breaker, trial: number) => breaker.succeeded(trial, 36_001),
      (breaker: Breaker, trial: number) => breaker.failed(trial, 36_001, EVEN),
    ]
    for (const end of ends) {
      const breaker = opened()
      const first = trialOf(breaker, 6_000)
      const second = trialOf(breaker, 36_000)
      end(breaker, first)
      expect(breaker.enter(36_002)).toBe('refused')
      expect(breaker.health('l', 36_002)).toMatchObject({ state: 'half_open', openings: 1 })
      breaker.succeeded(second, 36_003)
      expect(breaker.enter(36_004)).toBe('free')
    }
  })

  it('takes what comes of attempts from before it opened as old news', () => {
    const breaker = opened()
    breaker.succeeded(null, 1_100)
    expect(breaker.failed(null, 1_100, EVEN)).toBe(false)
    expect(breaker.enter(1_200)).toBe('refused')
    breaker.enter(6_000)
    breaker.succeeded(null, 6_001)
    expect(breaker.failed(null, 6_001, EVEN)).toBe(false)
    expect(breaker.health('l', 6_001)).toMatchObject({ state: 'half_open', openings: 1 })
  })

  it('is busy until the time it named, a second if it named none, and never opens for it', () => {
    const breaker = new Breaker()
    for (let at = 0; at < 50; at += 1) breaker.busy(null, 1_000, 3_000)
    expect(breaker.standing(3_999)).toBe('busy')
    expect(breaker.enter(3_999)).toBe('free')
    expect(breaker.standing(4_000)).toBe('healthy')
    breaker.busy(null, 5_000, null)
    expect(breaker.health('l', 5_000)).toMatchObject({ busyForMs: 1_000, failures: 0 })
    breaker.succeeded(null, 5_100)
    expect(breaker.isBusy(5_100)).toBe(false)
  })

  it('never lets two trials in at once, and always one in the end, whatever happens', () => {
    const { next: random } = seededRandom(7)
    for (let round = 0; round < 200; round += 1) {
      const breaker = new Breaker()
      let nowMs = 1_000
      // Those that run, and since when: after half a minute in silence another is let in.
      const running: { trial: Trial; sinceMs: number }[] = []
      for (let step = 0; step < 300; step += 1) {
        nowMs += random() * (round % 2 === 0 ? 100 : 5_000)
        const entry = random() < 0.6 ? breaker.enter(nowMs) : 'none'
        if (entry === 'free') running.push({ trial: null, sinceMs: nowMs })
        if (typeof entry === 'number') running.push({ trial: entry, sinceMs: nowMs })
        const current = running.filter(
          ({ trial, sinceMs }) => trial !== null && nowMs - sinceMs < 30_000,
        )
        expect(current.length).toBeLessThanOrEqual(1)
        if (random() < 0.6 && running.length > 0) {
          const trial = running.splice(Math.floor(random() * running.length), 1)[0]?.trial ?? null
          const end = random()
          if (end < 0.6) breaker.failed(trial, nowMs, random())
          else if (end < 0.7) breaker.busy(trial, nowMs, 100)
          else if (end < 0.8) breaker.leave(trial)
          else breaker.succeeded(trial, nowMs)
        }
      }
      expect(breaker.enter(nowMs + 400_000)).not.toBe('refused')
    }
  })
})
