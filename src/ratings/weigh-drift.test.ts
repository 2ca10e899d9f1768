import { describe, expect, it } from 'vitest'
import { goldenModels } from '../../tests/support/golden-models.ts'
import { countRows } from './count-votes.ts'
import { fitRatings } from './fit-ratings.ts'
import { judgeDrift, sumBlocks, weighDrift } from './weigh-drift.ts'

const falling = [10, 10, -10, -10].map((score) => ({ score, information: 25 }))

describe('drift', () => {
  it.each(goldenModels.drift)('of scores $score has the golden evidence', (golden) => {
    const blocks = golden.score.map((score, k) => ({
      score,
      information: golden.information[k] ?? 0,
    }))
    expect(golden.tau).toBe(0.3) // what is looked for unless told otherwise
    const e = Math.exp(weighDrift(blocks, { dispersion: golden.dispersion }))
    expect(Math.abs(e / golden.e - 1)).toBeLessThan(1e-8)
  })

  it('weighs nothing before the second block, nor at boundaries without information', () => {
    expect(weighDrift([], { dispersion: 0.7 })).toBeCloseTo(0, 12)
    expect(weighDrift([{ score: 3, information: 12 }], { dispersion: 0.7 })).toBeCloseTo(0, 12)
    const empty = [0, 0, 0].map(() => ({ score: 0, information: 0 }))
    expect(weighDrift(empty, { dispersion: 0.7 })).toBeCloseTo(0, 12)
  })

  it('is flagged, or an alarm for the whole board, with the block where it began', () => {
    const options = { dispersion: 0.7, models: 10 }
    expect(judgeDrift(falling, options)).toMatchObject({ status: 'alarm', changedAt: 2 })
    expect(judgeDrift(falling, { ...options, models: 100 }).status).toBe('flag')
    expect(judgeDrift(falling, { ...options, designEffect: 6 })).toMatchObject({
      status: 'steady',
      changedAt: null,
    })
  })

  it('has no overflow where a change is certain', () => {
    const sure = [900, -900].map((score) => ({ score: 100 * score, information: 200_000 }))
    expect(weighDrift(sure, { dispersion: 0.7 })).toBeGreaterThan(10_000)
  })

  it('of more blocks than a stack holds arguments is judged', () => {
    const many = Array.from({ length: 200_000 }, (_, k) => ({
      score: k < 100_000 ? 1 : -1,
      information: 25,
    }))
    expect(judgeDrift(many, { dispersion: 0.7, models: 10 }).status).toBe('alarm')
  })

  it('is summed from points against each opponent, whatever the fit is then', () => {
    const counts = { modelA: 'x', modelB: 'y', aWins: 60, bWins: 40, ties: 0, bothBad: 0 }
    const fit = fitRatings(countRows([counts]).votes.pairs, { method: 'mle' })
    const block = (points: number) => ({
      opponent: Int32Array.of(1),
      votes: Float64Array.of(50),
      points: Float64Array.of(points),
    })
    const [first, second] = sumBlocks(fit, 0, [block(35), block(25)])
    expect(first?.score).toBeCloseTo(5, 9)
    expect(second?.score).toBeCloseTo(-5, 9)
    expect(first?.information).toBeCloseTo(50 * 0.24, 9)
  })
})
