import { expect, it } from 'vitest'
import { openAnswerBudget } from './answer-budget.ts'

it('answers hold so much together and no more, and give it back', () => {
  const budget = openAnswerBudget(100)
  const [first, second, third] = ['a', 'b', 'c'].map((id) => budget.open(id))
  expect(first?.hold(50)).toBe(true)
  expect(second?.hold(40)).toBe(true)
  expect(third?.hold(11)).toBe(false)
  expect(budget.heldBytes).toBe(90)
  expect(second?.hold(39)).toBe(true)
  expect(third?.hold(11)).toBe(true)
  first?.release()
  first?.release()
  expect(budget.heldBytes).toBe(50)
})

it('answers of one provider hold half of it', () => {
  const budget = openAnswerBudget(100)
  const [one, other] = [budget.open('a'), budget.open('a')]
  expect([one.hold(30), other.hold(21), other.hold(20), one.hold(31)]).toEqual([
    true,
    false,
    true,
    false,
  ])
  one.release()
  expect(other.hold(50)).toBe(true)
  other.release()
  expect(budget.heldBytes).toBe(0)
})
