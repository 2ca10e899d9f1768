import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/build.ts'
import { callMarket } from './support/call-market.ts'
import { type Market, startMarket } from './support/market.ts'
import { seededRandom } from './support/seeded-random.ts'

const MODELS = ['abacus-small', 'abacus-medium', 'abacus-large'] as const
const JUDGEMENTS = 300
/** The engine answers one question after another. */
const AT_ONCE = 4

interface BoardJson {
  readonly rows: readonly { readonly model: string; readonly rating: number | null }[]
}

/** Sums and differences as people write them, with what is right. */
function questions(count: number): { prompt: string; expected: string }[] {
  const random = seededRandom(300)
  return Array.from({ length: count }, () => {
    const least = random.pick([10, 100, 1_000])
    const [x, y] = [least + random.below(9 * least), least + random.below(9 * least)]
    const [a, b] = [Math.max(x, y), Math.min(x, y)]
    const prompt = random.pick([`What is ${a} + ${b}?`, `What is ${a} - ${b}?`])
    return { prompt, expected: String(prompt.includes('+') ? a + b : a - b) }
  })
}

async function call(market: Market, path: string, body?: object): Promise<unknown> {
  const method = body === undefined ? 'GET' : 'POST'
  const answer = await callMarket(market.url, { method, path, body, key: market.ownerKey })
  expect(answer.status, answer.text).toBeLessThan(300)
  return answer.json
}

function heldOutScore(name: string): number {
  const card: unknown = JSON.parse(readFileSync(join(root, 'models', `${name}.json`), 'utf8'))
  return (card as { scores: { mean: number } }).scores.mean
}

/** The board of judgements, once it holds them all. */
async function boardOf(market: Market): Promise<BoardJson> {
  for (let look = 0; look < 50; look++) {
    const board = (await call(market, '/api/boards/practice/overall?kind=judgements')) as {
      votes: number
    } & BoardJson
    if (board.votes === JUDGEMENTS) return board
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('the board does not hold every judgement')
}

test('300 exact judgements of house models recover the order of their held-out scores', {
  timeout: 300_000,
}, async () => {
  const market = await startMarket()
  try {
    const pairs = [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const
    const all = questions(JUDGEMENTS).map((question, at) => {
      const [a, b] = pairs[at % 3] ?? [0, 1]
      const named = { model_a: `baimo/${MODELS[a]}`, model_b: `baimo/${MODELS[b]}` }
      const judge = { kind: 'exact', expected: question.expected }
      return { ...named, prompt: question.prompt, judge, max_tokens: 40 }
    })
    const queue = all.values()
    const work = async (): Promise<void> => {
      for (const body of queue) await call(market, '/api/judgements', body)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    const { rows } = await boardOf(market)
    const byRating = rows.toSorted((x, y) => (y.rating ?? 0) - (x.rating ?? 0))
    const byScore = MODELS.toSorted((x, y) => heldOutScore(y) - heldOutScore(x))
    expect(byRating.map(({ model }) => model)).toEqual(byScore.map((name) => `baimo/${name}`))
  } finally {
    await market.stop()
  }
})
