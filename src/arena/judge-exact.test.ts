import { expect, test } from 'vitest'
import { isExact, judgeExact } from './judge-exact.ts'

test('an answer is the expected one whatever its width, case, marks and spaces', () => {
  for (const answer of [
    '42',
    ' 42.\n',
    '**42**',
    '４２',
    'The answer is 42.',
    '6 × 7 = 42',
    '答案：42',
  ])
    expect(isExact(answer, '42'), answer).toBe(true)
  expect(isExact('1,234', '1234')).toBe(true)
  expect(isExact('Let me see.\nParis', 'paris')).toBe(true)
})

test('what only holds it is not it', () => {
  for (const answer of ['421', '42 or 43', '-42', 'not 42', ''])
    expect(isExact(answer, '42'), answer).toBe(false)
})

test('right beats wrong; both right tie, neither is bad on both sides', () => {
  expect(judgeExact('7', '8', '7')).toBe('a')
  expect(judgeExact('8', '7', '7')).toBe('b')
  expect(judgeExact('7', '7.', '7')).toBe('tie')
  expect(judgeExact('8', '9', '7')).toBe('both_bad')
})
