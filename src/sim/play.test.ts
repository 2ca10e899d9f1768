import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeQuickFolder } from '../../tests/support/folders.ts'
import { silentLog } from '../kernel/index.ts'
import { judgeOutcome, openSimMarket, planWorld, playWorld, type Story } from './index.ts'

const size = { seed: 1, people: 40, models: 8, days: 4, votes: 320 }
const world = planWorld(size)

async function play(): Promise<Story> {
  const home = makeQuickFolder('baimo-sim-')
  const workerPath = join(import.meta.dirname, '../boards/rating-worker.ts')
  try {
    const market = await openSimMarket({ home, workerPath, log: silentLog })
    try {
      return await playWorld(world, market, () => undefined)
    } finally {
      await market.close()
    }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  }
}

describe('a world that is played', () => {
  it('gives the same story for the same seed, and what must come true does', {
    timeout: 120_000,
  }, async () => {
    const story = await play()
    expect(roundStory(await play())).toEqual(roundStory(story))
    expect(story.votes.cast).toBe(320)
    expect(story.votes.counted + story.votes.controls).toBe(320)
    // In four days nobody leaves its infancy: whom the rule lets go is another test's.
    for (const { name, isMet, figure } of judgeOutcome([{ world, story }]))
      expect(isMet, `${name}: ${figure}`).toBe(true)
  })
})

/** Sums go in the order in which votes were committed: the last digits are theirs. */
function roundStory(story: Story): unknown {
  return JSON.parse(JSON.stringify(story), (_key, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(9)) : value,
  )
}
