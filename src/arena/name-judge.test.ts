import { expect, test } from 'vitest'
import { isUuid } from '../kernel/index.ts'
import { modelOfJudge, raterOfJudge } from './name-judge.ts'

test('a judge has one id in an organisation, and another one elsewhere', () => {
  const id = raterOfJudge('o', 'exact')
  expect(isUuid(id)).toBe(true)
  expect(raterOfJudge('o', 'exact')).toBe(id)
  expect(raterOfJudge('o', 'model:k/m')).not.toBe(id)
  expect(raterOfJudge('p', 'exact')).not.toBe(id)
})

test('a model that judges is named with its publisher', () => {
  expect(modelOfJudge('model:k/m-7')).toBe('k/m-7')
  for (const judge of ['model:m', 'exact', 'model:', 'k/m']) expect(modelOfJudge(judge)).toBe(null)
})
