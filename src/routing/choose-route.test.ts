import { describe, expect, it } from 'vitest'
import { liveListing } from '../../tests/support/gateway.ts'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import type { Endpoint } from '../catalog/index.ts'
import { chooseRoute, type RouteWish } from './choose-route.ts'
import { winShares } from './expect-value.ts'
import type { RatedModel, RouteBoard, RouteCandidate } from './types-choice.ts'

const endpoint = {} as Endpoint

function candidate(name: string, of: Partial<RouteCandidate> = {}): RouteCandidate {
  const listing = liveListing(endpoint, { modelName: `acme/${name}` })
  return { listing, price: 0.01, firstByteMs: 100, standing: 'healthy', ...of }
}

/** Ratings with half an interval; `certified` pairs are better over worse. */
function board(
  ratings: Readonly<Record<string, readonly [rating: number, half: number, votes?: number]>>,
  certified: readonly (readonly [string, string])[] = [],
  slice = 'overall',
): RouteBoard {
  const models = new Map<string, RatedModel>(
    Object.entries(ratings).map(([name, [rating, half, votes = 100]]) => [
      `acme/${name}`,
      { island: 0, rating, low: rating - half, high: rating + half, votes },
    ]),
  )
  const has = (a: string, b: string): boolean =>
    certified.some(([x, y]) => [a, b].sort().join() === [`acme/${x}`, `acme/${y}`].sort().join())
  const claim = (a: string, b: string) => (has(a, b) ? 'certified' : 'undecided') as 'certified'
  return { slice, models, shares: winShares(models), claim }
}

const WISH: RouteWish = {
  goal: 'best',
  boards: [],
  mostPrice: null,
  mostFirstByteMs: null,
  explorationShare: 0,
  winValue: 0.05,
  pinnedId: null,
  lots: { explore: 0.5, place: 0.5 },
}

const names = (order: readonly RouteCandidate[]): string =>
  order.map(({ listing }) => listing.modelName.slice(5)).join(' ')

function choose(candidates: readonly RouteCandidate[], wish: Partial<RouteWish> = {}) {
  const { order, reason, slice } = chooseRoute(candidates, { ...WISH, ...wish })
  return [names(order), reason, slice]
}

describe('without a board', () => {
  it('the cheapest is chosen, then the quickest, then the first', () => {
    const dear = candidate('dear', { price: 2 })
    const cheap = candidate('cheap', { price: 1 })
    expect(choose([dear, cheap])).toEqual(['cheap dear', 'price', null])
    const [slow, quick] = [200, 100].map((ms) =>
      candidate(`w${ms}`, { price: null, firstByteMs: ms }),
    )
    expect(choose([slow, quick] as RouteCandidate[])).toEqual(['w100 w200', 'latency', null])
    const blank = ['a', 'b'].map((name) => candidate(name, { price: null, firstByteMs: null }))
    expect(choose(blank)).toEqual(['a b', 'order', null])
  })

  it('a price that nobody knows is never the cheapest', () => {
    const unknown = candidate('unknown', { price: null })
    expect(choose([unknown, candidate('dear', { price: 9 })])).toEqual([
      'dear unknown',
      'price',
      null,
    ])
  })

  it('the only one is called so', () => {
    expect(choose([candidate('one')])).toEqual(['one', 'only', null])
  })
})

describe('with a board', () => {
  const three = [
    candidate('cheap', { price: 0.001 }),
    candidate('good', { price: 0.01 }),
    candidate('bad', { price: 0.01 }),
  ]

  it('a certified lead decides, whatever it costs', () => {
    const certified = [
      ['good', 'cheap'],
      ['good', 'bad'],
    ] as const
    const one = board({ good: [1010, 10], cheap: [1000, 10], bad: [900, 10] }, certified)
    expect(choose(three, { boards: [one] })).toEqual(['good cheap bad', 'certified', 'overall'])
  })

  it('without one the expected share of wins is weighed against the price', () => {
    const close = board({ good: [1010, 10], cheap: [1000, 10], bad: [900, 10] })
    expect(choose(three, { boards: [close] })).toEqual(['cheap good bad', 'value', 'overall'])
    const far = board({ good: [1300, 10], cheap: [1000, 10], bad: [900, 10] })
    expect(choose(three, { boards: [far] })).toEqual(['good cheap bad', 'value', 'overall'])
    expect(choose(three, { boards: [far], winValue: 0.001 })[0]).toBe('cheap good bad')
  })

  it('few votes weigh little: a rating with a wide interval is drawn to the middle', () => {
    const [some, wide] = [60, 800].map(
      (half) => board({ good: [1120, half], cheap: [1000, half] }).shares.get('acme/good') ?? 0,
    )
    expect(some).toBeGreaterThan(0.64)
    expect(wide).toBeGreaterThan(0.5)
    expect(wide).toBeLessThan(0.6)
  })

  it('the category speaks once each model has thirty votes there, else the overall board', () => {
    const overall = board({ good: [1300, 10], cheap: [900, 10], bad: [800, 10] })
    const code = (votes: number) =>
      board(
        { good: [900, 30, votes], cheap: [1300, 30, votes], bad: [800, 30, votes] },
        [],
        'category:code',
      )
    expect(choose(three, { boards: [code(29), overall] })[2]).toBe('overall')
    expect(choose(three, { boards: [code(30), overall] })).toEqual([
      'cheap good bad',
      'value',
      'category:code',
    ])
  })

  it('a lead on the overall board does not hold against a certified claim of the category', () => {
    const lead = [
      ['good', 'cheap'],
      ['good', 'bad'],
    ] as const
    const overall = board({ good: [1100, 10], cheap: [1000, 10], bad: [900, 10] }, lead)
    const code = board(
      { good: [900, 10], cheap: [1100, 10], bad: [1000, 10] },
      [['cheap', 'good']],
      'category:code',
    )
    expect(choose(three, { boards: [code, overall] })).toEqual([
      'cheap bad good',
      'value',
      'category:code',
    ])
  })

  it('models without votes come after those that have some', () => {
    const two = board({ good: [1100, 10], bad: [900, 10] })
    expect(choose(three, { boards: [two] })[0]).toBe('good bad cheap')
  })

  it('an unknown price counts as the dearest known one', () => {
    const two = [candidate('good', { price: null }), candidate('bad', { price: 0.04 })]
    const close = board({ good: [1001, 10], bad: [1000, 10] })
    expect(choose(two, { boards: [close] })[0]).toBe('good bad')
  })
})

describe('limits and health', () => {
  it('bind every choice: an unknown price is in no limit, an unmeasured wait in any', () => {
    const all = [
      candidate('dear', { price: 2 }),
      candidate('unpriced', { price: null }),
      candidate('slow', { firstByteMs: 900 }),
      candidate('unmeasured', { firstByteMs: null }),
    ]
    expect(choose(all, { mostPrice: 1 })[0]).toBe('slow unmeasured')
    expect(choose(all, { mostPrice: 1, mostFirstByteMs: 500 })[0]).toBe('unmeasured')
    expect(choose(all, { mostPrice: 0.001 })[0]).toBe('')
  })

  it('who rests or is busy comes after all that are well', () => {
    const all = [
      candidate('rests', { price: 1, standing: 'resting' }),
      candidate('busy', { price: 2, standing: 'busy' }),
      candidate('well', { price: 3 }),
    ]
    expect(choose(all)[0]).toBe('well rests busy')
    expect(choose(all.slice(0, 2))[0]).toBe('busy rests')
  })
})

describe('auto:cheap and auto:fast', () => {
  const all = [
    candidate('cheap', { price: 1, firstByteMs: 300 }),
    candidate('quick', { price: 2, firstByteMs: 100 }),
    candidate('unmeasured', { price: null, firstByteMs: null }),
  ]
  it('look for the price and for the wait alone, and never explore', () => {
    const explores = { explorationShare: 1, lots: { explore: 0, place: 0 } }
    expect(choose(all, { goal: 'cheap', ...explores })).toEqual([
      'cheap quick unmeasured',
      'price',
      null,
    ])
    expect(choose(all, { goal: 'fast', ...explores })).toEqual([
      'quick cheap unmeasured',
      'latency',
      null,
    ])
  })
})

describe('a conversation', () => {
  const [good, near, far] = ['good', 'near', 'far'].map((name) => candidate(name))
  const all = [good, near, far] as RouteCandidate[]
  const one = board({ good: [1040, 10], near: [1030, 10], far: [900, 10] })

  it('stays where it is cached, unless that is much worse', () => {
    const at = (pinned: RouteCandidate | undefined) =>
      choose(all, { boards: [one], pinnedId: pinned?.listing.listingId ?? '' }).slice(0, 2)
    expect(at(near)).toEqual(['near good far', 'cache'])
    expect(at(good)).toEqual(['good near far', 'value'])
    expect(at(far)).toEqual(['good near far', 'value'])
    expect(at(undefined)).toEqual(['good near far', 'value'])
  })

  it('is never explored while it is cached', () => {
    const wish = { boards: [one], explorationShare: 1, lots: { explore: 0, place: 0 } }
    expect(choose(all, { ...wish, pinnedId: near?.listing.listingId ?? '' })[1]).toBe('cache')
    expect(choose(all, { ...wish, pinnedId: good?.listing.listingId ?? '' })[1]).toBe('value')
  })
})

describe('exploration', () => {
  const all = ['good', 'sure', 'unsure', 'worse', 'unrated'].map((name) => candidate(name))
  const one = board({ good: [1100, 10], sure: [1090, 10], unsure: [1080, 200], worse: [900, 10] }, [
    ['good', 'worse'],
  ])

  it('takes its share of requests, reaches what may be as good, and more often what is less known', () => {
    const random = seededRandom(7)
    const counts = new Map<string, number>()
    const draws = 20_000
    for (let at = 0; at < draws; at += 1) {
      const lots = { explore: random.next(), place: random.next() }
      const { order, reason } = chooseRoute(all, {
        ...WISH,
        boards: [one],
        explorationShare: 0.05,
        lots,
      })
      if (reason !== 'exploration') continue
      const name = names(order.slice(0, 1))
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const of = (name: string): number => counts.get(name) ?? 0
    const share = [...counts.values()].reduce((sum, count) => sum + count, 0) / draws
    expect(Math.abs(share - 0.05)).toBeLessThan(3 * Math.sqrt((0.05 * 0.95) / draws))
    expect(of('unrated')).toBeGreaterThan(of('unsure'))
    expect(of('unsure')).toBeGreaterThan(of('sure'))
    expect([of('worse'), of('good')]).toEqual([0, 0])
  })

  it('is off where its share is 0', () => {
    const lots = { explore: 0, place: 0 }
    expect(choose(all, { boards: [one], explorationShare: 0, lots })[1]).toBe('value')
  })
})

it('never leaves the candidates, whatever the wish, and names each once', () => {
  const random = seededRandom(11)
  for (let round = 0; round < 500; round += 1) {
    const all = Array.from({ length: random.below(6) }, (_, at) =>
      candidate(`m${at % 4}`, {
        price: random.next() < 0.3 ? null : random.next(),
        firstByteMs: random.next() < 0.3 ? null : random.next() * 1_000,
        standing: (['healthy', 'busy', 'resting'] as const)[random.below(3)] ?? 'healthy',
      }),
    )
    const rated = ['m0', 'm1', 'm2'].map((name) => [name, [900 + random.below(200), 50]] as const)
    const { order } = chooseRoute(all, {
      ...WISH,
      goal: (['best', 'cheap', 'fast'] as const)[random.below(3)] ?? 'best',
      boards: random.next() < 0.5 ? [] : [board(Object.fromEntries(rated), [['m0', 'm1']])],
      explorationShare: random.next(),
      pinnedId: all[0]?.listing.listingId ?? null,
      lots: { explore: random.next(), place: random.next() },
    })
    expect(new Set(order)).toEqual(new Set(all))
    expect(order).toHaveLength(all.length)
  }
})
