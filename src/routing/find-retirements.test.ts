import { describe, expect, it } from 'vitest'
import { type ModelId, newId } from '../kernel/index.ts'
import { INFANCY } from '../ratings/index.ts'
import { findRetirements, type JudgingBoard, type Standing } from './find-retirements.ts'

function model(name: string, price: number | null, ageDays = 30): Standing {
  return { id: newId<'model'>() as ModelId, name, price, ageDays }
}

/** Ratings of the models; each one is certified better than those `gap` or more below. */
function board(ratings: Record<string, number>, gap = 50, information = 100): JudgingBoard {
  const models = new Map(
    Object.entries(ratings).map(([name, rating]) => [
      name,
      { island: 0, rating, low: rating - 10, high: rating + 10, votes: 400 },
    ]),
  )
  const claim = (a: string, b: string) =>
    Math.abs((ratings[a] ?? 0) - (ratings[b] ?? 0)) >= gap ? 'certified' : 'undecided'
  return {
    board: { slice: 'overall', models, shares: new Map(), claim },
    version: 7,
    information: new Map(Object.keys(ratings).map((name) => [name, information])),
  }
}

const rules = { infancy: INFANCY }
const [best, good, bad] = [model('best', 3), model('good', 1), model('bad', 2)]
const all = [best, good, bad]
const found = (models: readonly Standing[], boards: readonly JudgingBoard[]) =>
  findRetirements(models, boards, rules).map((one) => [one.model, one.successor])

describe('findRetirements', () => {
  it('proposes what a no-dearer model is certified better than', () => {
    const one = board({ best: 1200, good: 1100, bad: 1000 })
    expect(found(all, [one])).toEqual([['bad', 'good']])
    expect(findRetirements(all, [one], rules)[0]).toMatchObject({
      ...{ price: 2, successorPrice: 1, ageDays: 30 },
      boards: [{ slice: 'overall', version: 7, gap: 100, votes: 400, information: 100 }],
    })
  })

  it('takes equal prices both ways, and of several successors the best', () => {
    const same = [model('best', 2), model('good', 2), model('bad', 2)]
    const one = board({ best: 1200, good: 1100, bad: 1000 })
    expect(found(same, [one])).toEqual([
      ['good', 'best'],
      ['bad', 'best'],
    ])
  })

  it('wants the same model certified better on every board', () => {
    const one = board({ good: 1100, bad: 1000 })
    expect(found(all, [one, board({ good: 1020, bad: 1000 })])).toEqual([])
    expect(found(all, [one, board({ good: 1000, bad: 1100 })])).toEqual([])
    expect(found(all, [one, one])).toEqual([['bad', 'good']])
    expect(found(all, [])).toEqual([])
  })

  it('leaves alone what nobody prices, and who is in infancy', () => {
    const one = board({ good: 1100, bad: 1000 })
    expect(found([good, model('bad', null)], [one])).toEqual([])
    expect(found([model('good', null), bad], [one])).toEqual([])
    expect(found([good, model('bad', 2, 13)], [one])).toEqual([])
    expect(found(all, [board({ good: 1100, bad: 1000 }, 50, 59)])).toEqual([])
  })
})
