import { expect, test } from 'vitest'
import { newId } from '../kernel/index.ts'
import { revealSides } from './reveal-sides.ts'
import type { SideUsage } from './store-reveal.ts'
import type { Battle, BattleAnswer, Side } from './types.ts'

const [first, second] = [newId<'model'>(), newId<'model'>()]
const listingId = newId<'listing'>()
const naming = {
  models: [
    { id: first, publisher: 'northwind', name: 'aurora' },
    { id: second, publisher: 'quillpad', name: 'basalt' },
  ],
  listings: [{ id: listingId, providerId: 'p' }],
  providers: [{ id: 'p', name: 'zephyr' }],
}
const battle = { models: [second, first] } as unknown as Battle
const answer = (side: Side, turn: number): BattleAnswer => ({
  ...{ turn, side, usageId: newId<'request'>(), variantId: null, listingId, outcome: 'answered' },
  ...{ finishReason: 'stop', text: null, characters: 3 },
})
const used = (
  costPico: bigint | null,
  costCurrency: string | null = 'USD',
): Omit<SideUsage, 'id'> => ({
  ...{ totalMs: 100, inputTokens: 3, outputTokens: 4, costPico, costCurrency, priceRef: 'p' },
  costUnknown: costPico === null ? 'no_price' : null,
})
function reveal(...usages: Omit<SideUsage, 'id'>[]) {
  const answers = usages.map((_, at) => answer('a', at + 1))
  const usage = new Map(
    answers.map(({ usageId }, at) => [
      usageId as string,
      { id: usageId, ...used(1n), ...usages[at] },
    ]),
  )
  return revealSides(battle, answers, { naming, usage })
}

test('sides are named where they stood, with what all turns took', () => {
  const [a, b] = reveal(used(10n ** 12n), used(5n * 10n ** 11n)) ?? []
  expect(a).toMatchObject({
    ...{ model: 'quillpad/basalt', provider: 'zephyr', listingId, totalMs: 200 },
    tokens: { input: 6, output: 8 },
    cost: { amount: '1.5', currency: 'USD', known: true },
  })
  expect(b).toMatchObject({ model: 'northwind/aurora', provider: null, tokens: null })
})

test('a cost that is known in part, or in two currencies, is not known', () => {
  expect(reveal(used(1n), used(null, null))?.[0].cost).toMatchObject({
    known: false,
    reason: 'no_price',
  })
  expect(reveal(used(1n), used(1n, 'EUR'))?.[0].cost).toMatchObject({ reason: 'part_unpriced' })
})

test('where nobody was drawn there is nothing to tell', () => {
  const none = { models: null } as unknown as Battle
  expect(revealSides(none, [], { naming, usage: new Map() })).toBe(null)
})
