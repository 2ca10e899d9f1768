import { expect, test } from 'vitest'
import { findOutlierRaters } from './find-outlier-raters.ts'
import type { VoteRow } from './types-rows.ts'

function votes(rater: string | null, choices: string): VoteRow[] {
  const words = { a: 'a', b: 'b', t: 'tie', x: 'both_bad' } as const
  return [...choices].map((choice) => ({
    modelA: 'm',
    modelB: 'n',
    choice: words[choice as keyof typeof words],
    rater,
  }))
}

const crowd = Array.from({ length: 20 }, (_, at) => votes(`c${at}`, 'aaaba')).flat()

test('a rater who votes against everybody is found, with the votes that it took', () => {
  const [found, ...others] = findOutlierRaters([...crowd, ...votes('odd', 'bbbbbbbb')])
  expect(others).toEqual([])
  expect(found?.rater).toBe('odd')
  expect(found?.votes).toBe(5)
  expect(found?.evidence).toBeGreaterThan(20)
})

test('names and sides may stand either way round', () => {
  const turned = votes('odd', 'aaaaaaaa').map((row) => ({ ...row, modelA: 'n', modelB: 'm' }))
  expect(findOutlierRaters([...crowd, ...turned]).map(({ rater }) => rater)).toEqual(['odd'])
})

test('raters like the others, of few votes, of ties, or unknown are not found', () => {
  expect(findOutlierRaters(crowd)).toEqual([])
  expect(findOutlierRaters([...crowd, ...votes('few', 'bbbb')])).toEqual([])
  expect(findOutlierRaters([...crowd, ...votes('even', 'txtxtxtx')])).toEqual([])
  expect(findOutlierRaters([...crowd, ...votes(null, 'bbbbbbbb')])).toEqual([])
})

test('only the first hundred votes are looked at', () => {
  const late = votes('late', 'a'.repeat(100) + 'b'.repeat(40))
  const rest = Array.from({ length: 100 }, (_, at) => votes(`d${at}`, 'aaaaa')).flat()
  expect(findOutlierRaters([...rest, ...late])).toEqual([])
})
