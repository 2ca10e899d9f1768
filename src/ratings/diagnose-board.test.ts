import { describe, expect, it } from 'vitest'
import { claimBoard } from './claim-board.ts'
import { countRows, countVotes } from './count-votes.ts'
import { diagnoseBoard, findResiduals } from './diagnose-board.ts'
import { rateBoard } from './rate-board.ts'
import type { CheckName, Diagnosis } from './types-diagnosis.ts'
import type { CountRow, VoteRow } from './types-rows.ts'

type Short = [string, string, number, number, number]

function rowsOf(rater: string | null, ...rows: Short[]): CountRow[] {
  return rows.map(([modelA, modelB, aWins, bWins, ties]) => ({
    modelA,
    modelB,
    aWins,
    bWins,
    ties,
    bothBad: 0,
    rater,
  }))
}

function diagnose(rows: CountRow[]): Diagnosis {
  const board = rateBoard(countRows(rows).votes)
  return diagnoseBoard(board, claimBoard(board))
}

function stateOf(diagnosis: Diagnosis, name: CheckName): string | undefined {
  return diagnosis.checks.find((check) => check.name === name)?.state
}

const even = rowsOf(null, ['a', 'b', 40, 30, 10], ['a', 'c', 45, 30, 5], ['b', 'c', 40, 38, 8])

describe('can I trust this?', () => {
  it('says what is known, and what is not', () => {
    const diagnosis = diagnose(even)
    const states = Object.fromEntries(diagnosis.checks.map(({ name, state }) => [name, state]))
    expect(states).toEqual({
      optimum: 'passed',
      connected: 'passed',
      votes_per_model: 'failed',
      matchups_checked: 'failed',
      one_scale: 'unknown',
      raters_known: 'failed',
      raters_enough: 'unknown',
      no_rater_majority: 'unknown',
      no_rater_decides: 'unknown',
      prompts_varied: 'unknown',
    })
    for (const { message } of diagnosis.checks) expect(message).toMatch(/^\S.*\.$/)
  })

  it('finds the optimum of a trillion votes a pair', () => {
    const many = 1e12
    const rows = rowsOf(
      null,
      ['a', 'b', 0.6 * many, 0.3 * many, 0.1 * many],
      ['b', 'c', 0.55 * many, 0.4 * many, 0.05 * many],
      ['a', 'c', 0.7 * many, 0.25 * many, 0.05 * many],
    )
    expect(stateOf(diagnose(rows), 'optimum')).toBe('passed')
  })

  it('finds one scale while matchups depart from it by 40 points, and not by 60', () => {
    // Equal models, each better than the next two and worse than the others, by some points.
    const board = (points: number): CountRow[] => {
      const share = 1 / (1 + 10 ** (-points / 400))
      const wins = Math.round(20_000 * share)
      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
      return names.flatMap((one, at) =>
        [1, 2, 3].flatMap((step) =>
          rowsOf(null, [one, names[(at + step) % 7] ?? '', wins, 20_000 - wins, 0]),
        ),
      )
    }
    expect(stateOf(diagnose(board(30)), 'one_scale')).toBe('passed')
    expect(stateOf(diagnose(board(60)), 'one_scale')).toBe('failed')
  })

  it('finds islands', () => {
    expect(stateOf(diagnose([...even, ...rowsOf(null, ['x', 'y', 3, 2, 1])]), 'connected')).toBe(
      'failed',
    )
  })

  it('finds prompts that decide all', () => {
    const rows = ['p', 'q'].flatMap((prompt) =>
      Array.from({ length: 40 }, (): VoteRow => {
        return { modelA: 'a', modelB: 'b', choice: prompt === 'p' ? 'a' : 'b', prompt }
      }),
    )
    const board = rateBoard(countVotes(rows).votes)
    expect(stateOf(diagnoseBoard(board, claimBoard(board)), 'prompts_varied')).toBe('failed')
  })
})

describe('the most influential raters', () => {
  const crowd = Array.from({ length: 12 }, (_, at) =>
    rowsOf(`r${10 + at}`, ['a', 'b', 2, 2, 0], ['b', 'c', 2, 2, 1], ['a', 'c', 3, 2, 0]),
  ).flat()

  it('are listed with what the board says without them', () => {
    const diagnosis = diagnose([
      ...crowd,
      ...rowsOf('odd', ['c', 'a', 28, 0, 0], ['c', 'b', 28, 0, 0]),
    ])
    const [first] = diagnosis.influences
    expect(diagnosis.influences).toHaveLength(3)
    expect(first).toMatchObject({ rater: 0, votes: 56, leader: 2, leaderWithout: 0, moved: 2 })
    expect(first?.share).toBeCloseTo(56 / (12 * 14 + 56), 12)
    expect(first?.movedBy).toBeLessThan(0)
    expect(stateOf(diagnosis, 'no_rater_decides')).toBe('failed')
  })

  it('decide nothing where all think alike', () => {
    const diagnosis = diagnose(crowd)
    expect(diagnosis.influences[0]).toMatchObject({ leader: 0, leaderWithout: 0, claimsLost: 0 })
    expect(stateOf(diagnosis, 'no_rater_decides')).toBe('passed')
    expect(stateOf(diagnosis, 'no_rater_majority')).toBe('passed')
  })

  it('decide too much where a fifth of what is certified falls without one', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const pairs = names.flatMap((one, i) =>
      names.slice(i + 1).map((other, step) => [one, other, 3 + Math.min(step, 2)] as const),
    )
    const rows = [
      ...Array.from({ length: 40 }, (_, at) =>
        pairs.flatMap(([one, other, wins]) => rowsOf(`r${10 + at}`, [one, other, wins, 2, 0])),
      ).flat(),
      ...pairs.flatMap(([one, other]) => rowsOf('sure', [one, other, 16, 0, 0])),
    ]
    const board = rateBoard(countRows(rows).votes)
    const claims = claimBoard(board)
    expect(claims.certified.reduce((total, is) => total + is, 0)).toBe(10)
    const diagnosis = diagnoseBoard(board, claims)
    expect(Math.max(...diagnosis.influences.map(({ claimsLost }) => claimsLost))).toBe(2)
    expect(stateOf(diagnosis, 'no_rater_decides')).toBe('failed')
  })

  it('are none where one alone voted', () => {
    const diagnosis = diagnose(rowsOf('one', ['a', 'b', 20, 5, 0]))
    expect(diagnosis.influences).toEqual([])
    expect(diagnosis.checks.map(({ message }) => message).join(' ')).toContain('one person’s taste')
  })
})

describe('pair residuals', () => {
  it('begin with the pair that one scale explains worst', () => {
    const rows = rowsOf(null, ['a', 'b', 60, 20, 0], ['b', 'c', 60, 20, 0], ['a', 'c', 20, 60, 0])
    const board = rateBoard(countRows([...rows, ...rowsOf(null, ['c', 'd', 50, 50, 0])]).votes)
    const [worst, ...rest] = findResiduals(board.fit)
    expect(worst?.votes).toBe(80)
    expect(Math.abs(worst?.z ?? 0)).toBeGreaterThan(4)
    expect(Math.abs((worst?.observed ?? 0) - (worst?.expected ?? 0))).toBeGreaterThan(0.2)
    // The bridge to d decides its own fit: nothing is left of it.
    expect(rest.map(({ second }) => second)).not.toContain(3)
  })
})
