import { expect, test } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { readColumns } from './read-columns.ts'

test('columns are found by name, in any order, among others', () => {
  expect(readColumns(['id', ' winner', 'model_b', 'judge', 'model_a', 'prompt_id'], 1)).toEqual({
    kind: 'votes',
    modelA: 4,
    modelB: 2,
    winner: 1,
    counts: [-1, -1, -1, -1],
    rater: 3,
    prompt: 5,
    cells: 6,
  })
  expect(readColumns(['model_a', 'model_b', 'b_wins', 'a_wins', 'both_bad'], 1)).toMatchObject({
    kind: 'counts',
    counts: [3, 2, -1, 4],
    rater: -1,
  })
})

test('what is missing is named, with the line of the head', () => {
  const messageOf = (...head: string[]) => {
    try {
      readColumns(head, 3)
    } catch (error) {
      if (error instanceof Refusal) return error.message
    }
    return ''
  }
  expect(messageOf('model_b', 'winner')).toContain('Line 3 lacks "model_a".')
  expect(messageOf('model_a', 'model_b', 'rater', 'worker', 'winner')).toContain(
    '"rater" and "worker"',
  )
  expect(messageOf('model_a;model_b;winner')).toContain('something else than commas')
})
