import { describe, expect, it } from 'vitest'
import { enterAs, failOften } from '../../tests/support/fail-often.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { Breaker } from './breaker.ts'

/** Half: rests are exactly as long as they are meant. */
const EVEN = 0.5

/** A breaker that has opened at `atMs`. */
function opened(atMs = 1_000): Breaker {
  const breaker = new Breaker()
  failOften(breaker, 5, atMs)
  return breaker
}

function succeedOften(breaker: Breaker, times: number, nowMs: number): void {
  for (let at = 0; at < times; at += 1) breaker.succeeded(enterAs(breaker, nowMs), nowMs)
}

describe('a breaker', () => {
  it('opens at the fifth failure where nothing else came, not before', () => {
    const breaker = new Breaker()
    const opens = [1, 2, 3, 4, 5].flatMap((at) => failOften(breaker, 1, at * 100))
    expect(opens).toEqual([false, false, false, false, true])
    expect(breaker.enter(600)).toBe('refused')
    expect(breaker.standing(600)).toBe('resting')
  })

  it('opens after successes only when 15 more failed than did not', () => {
    const breaker = new Breaker()
    succeedOften(breaker, 500, 1_000)
    const opens = failOften(breaker, 8, 1_001)
    succeedOften(breaker, 3, 1_002)
    opens.push(...failOften(breaker, 10, 1_003))
    expect(opens.indexOf(true)).toBe(17)
  })

  it('does not take failures for all that comes while slower attempts still run', () => {
    const breaker = new Breaker()
    const running = Array.from({ length: 50 }, () => enterAs(breaker, 1_000))
    for (const ticket of running.filter((_, at) => at % 4 === 0)) {
      expect(breaker.failed(ticket, 1_001, EVEN)).toBe(false)
    }
    expect(failOften(breaker, 5, 1_002)).not.toContain(true)
  })

  it('takes attempts that fail long after later ones succeeded as old news', () => {
    const breaker = new Breaker()
    const late = Array.from({ length: 40 }, () => enterAs(breaker, 1_000))
    succeedOften(breaker, 30, 31_000)
    for (const ticket of late) expect(breaker.failed(ticket, 31_001, EVEN)).toBe(false)
  })

  it('forgets what is older than a minute', () => {
    const breaker = new Breaker()
    succeedOften(breaker, 3, 1_000)
    failOften(breaker, 4, 1_000)
    expect(failOften(breaker, 4, 61_001)).not.toContain(true)
    expect(breaker.health('l', 61_001)).toMatchObject({ failures: 4, outcomes: 4 })
    expect(failOften(breaker, 1, 61_002)).toEqual([true])
  })

  it('rests for five seconds, then lets one trial in', () => {
    const breaker = opened(1_000)
    expect(breaker.restsForMs(2_000)).toBe(4_000)
    expect(breaker.enter(5_999)).toBe('refused')
    expect(breaker.enter(6_000)).toBe(6)
    expect(breaker.enter(6_001)).toBe('refused')
    expect(breaker.health('l', 6_001)).toMatchObject({ state: 'half_open' })
  })

  it('closes when a trial succeeds or its answer begins, and knows nothing of before', () => {
    for (const end of ['succeeded', 'began'] as const) {
      const breaker = opened()
      breaker[end](enterAs(breaker, 6_000), 6_100)
      expect(breaker.standing(6_200)).toBe('healthy')
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
      expect(breaker.failed(enterAs(breaker, nowMs), nowMs, EVEN)).toBe(true)
    }
    expect(rests).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((s) => s * 1_000))
  })

  it('rests by a fifth shorter or longer, as chance will have it', () => {
    const rest = (random: number): number => {
      const breaker = new Breaker()
      failOften(breaker, 5, 1_000, random)
      return breaker.restsForMs(1_000)
    }
    expect(rest(0)).toBeCloseTo(4_000)
    expect(rest(1)).toBeCloseTo(6_000)
  })

  it('gives a trial’s place to the next when it ends without a word about the listing', () => {
    const breaker = opened()
    breaker.leave(enterAs(breaker, 6_000), 6_000)
    breaker.busy(enterAs(breaker, 6_001), 6_002, null)
    expect(breaker.enter(6_003)).not.toBe('refused')
    expect(breaker.enter(6_003)).toBe('refused')
  })

  it('lets twice as many in each five seconds in which no trial says anything, 16 at most', () => {
    const breaker = opened()
    const entered = [0, 4.9, 5, 10, 15, 20, 25, 60].map((seconds) => {
      let count = 0
      while (breaker.enter(6_000 + seconds * 1_000) !== 'refused') count += 1
      return count
    })
    expect(entered).toEqual([1, 0, 1, 2, 4, 8, 0, 0])
    expect(breaker.restsForMs(6_000 + 61_000)).toBe(4_000)
  })

  it('hears each trial that runs: the first to say something decides', () => {
    for (const isFirst of [true, false]) {
      const breaker = opened()
      const trials = [enterAs(breaker, 6_000), enterAs(breaker, 11_000)]
      if (!isFirst) trials.reverse()
      const [one = 0, other = 0] = trials
      breaker.succeeded(one, 12_000)
      expect(breaker.standing(12_000)).toBe('healthy')
      expect(breaker.failed(other, 12_001, EVEN)).toBe(false)
      expect(breaker.health('l', 12_001)).toMatchObject({ state: 'closed', failures: 0 })
    }
  })

  it('takes what comes of attempts from before it opened as old news', () => {
    const breaker = new Breaker()
    const [early = 0, late = 0] = [enterAs(breaker, 1_000), enterAs(breaker, 1_000)]
    failOften(breaker, 15, 1_000)
    breaker.succeeded(early, 1_100)
    expect(breaker.failed(late, 1_100, EVEN)).toBe(false)
    expect(breaker.enter(1_200)).toBe('refused')
    const trial = enterAs(breaker, 6_000)
    breaker.succeeded(early, 6_001)
    expect(breaker.failed(late, 6_001, EVEN)).toBe(false)
    expect(breaker.health('l', 6_001)).toMatchObject({ state: 'half_open', openings: 1 })
    breaker.succeeded(trial, 6_002)
    expect(breaker.failed(late, 6_003, EVEN)).toBe(false)
    expect(breaker.health('l', 6_003)).toMatchObject({ state: 'closed', failures: 0 })
  })

  it('is busy until the time it named, a second if it named none, and never opens for it', () => {
    const breaker = new Breaker()
    for (let at = 0; at < 50; at += 1) breaker.busy(null, 1_000, 3_000)
    expect(breaker.standing(3_999)).toBe('busy')
    expect(breaker.enter(3_999)).not.toBe('refused')
    expect(breaker.standing(4_000)).toBe('healthy')
    breaker.busy(null, 5_000, null)
    expect(breaker.health('l', 5_000)).toMatchObject({ busyForMs: 1_000, failures: 0 })
    breaker.succeeded(null, 5_100)
    expect(breaker.isBusy(5_100)).toBe(false)
  })

  it('lets somebody in, in the end, whatever happens', () => {
    const { next: random } = seededRandom(7)
    for (let round = 0; round < 200; round += 1) {
      const breaker = new Breaker()
      let nowMs = 1_000
      const running: number[] = []
      for (let step = 0; step < 300; step += 1) {
        nowMs += random() * (round % 2 === 0 ? 100 : 5_000)
        const entry = random() < 0.6 ? breaker.enter(nowMs) : 'refused'
        if (entry !== 'refused') running.push(entry)
        if (random() < 0.6 && running.length > 0) {
          const ticket = running.splice(Math.floor(random() * running.length), 1)[0] ?? null
          const end = random()
          if (end < 0.6) breaker.failed(ticket, nowMs, random())
          else if (end < 0.7) breaker.busy(ticket, nowMs, 100)
          else if (end < 0.8) breaker.leave(ticket, nowMs)
          else breaker.succeeded(ticket, nowMs)
        }
      }
      for (const ticket of running) breaker.leave(ticket, nowMs)
      expect(breaker.enter(nowMs + 400_000)).not.toBe('refused')
    }
  })
})

/** How many milliseconds of load it takes to open; null: it did not. */
function play(load: {
  readonly rate: number
  readonly clients: number
  readonly failMs: number
  readonly answerMs: number
  readonly forMs: number
  readonly seed: number
}): number | null {
  const { next: random } = seededRandom(load.seed)
  const breaker = new Breaker()
  const free = Array.from({ length: load.clients }, (_, at) => at * 0.01)
  const running: { endMs: number; ticket: number; fails: boolean }[] = []
  for (let nowMs = 1; nowMs < load.forMs; nowMs += 1) {
    for (const one of running.filter(({ endMs }) => endMs <= nowMs)) {
      running.splice(running.indexOf(one), 1)
      free.push(nowMs)
      if (!one.fails) breaker.succeeded(one.ticket, nowMs)
      else if (breaker.failed(one.ticket, nowMs, EVEN)) return nowMs
    }
    while (free.length > 0) {
      free.pop()
      const fails = random() < load.rate
      const lastsMs = (fails ? load.failMs : load.answerMs) * (0.7 + 0.6 * random())
      running.push({ endMs: nowMs + lastsMs, ticket: enterAs(breaker, nowMs), fails })
    }
  }
  return null
}

describe.each([
  ['fail at once, answer in 150 ms', 1, 150],
  ['fail and answer in 20 ms', 20, 20],
  ['fail in 150 ms, answer at once', 150, 2],
] as const)('under load, where attempts %s, a breaker', (_name, failMs, answerMs) => {
  it.each([0.05, 0.12, 0.3])('never opens at a rate of failures of %d', (rate) => {
    for (const clients of [2, 50, 300]) {
      for (const seed of [1, 2, 3]) {
        const forMs = clients === 300 ? 2_000 : 6_000
        expect(play({ rate, clients, failMs, answerMs, forMs, seed })).toBeNull()
      }
    }
  })

  it.each([0.6, 0.8, 1])('opens within a second or so at a rate of failures of %d', (rate) => {
    for (const clients of [50, 300]) {
      for (const seed of [1, 2, 3]) {
        const tookMs = play({ rate, clients, failMs, answerMs, forMs: 5_000, seed })
        expect(tookMs).not.toBeNull()
        expect(tookMs).toBeLessThan(1_500)
      }
    }
  })
})
