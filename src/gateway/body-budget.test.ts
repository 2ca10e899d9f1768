import { describe, expect, it } from 'vitest'
import { openBodyBudget } from './body-budget.ts'

describe('openBodyBudget', () => {
  it('lets all shares together take so much and no more', () => {
    const budget = openBodyBudget(100)
    const first = budget.open()
    const second = budget.open()
    expect(first.take(60)).toBe(true)
    expect(second.take(41)).toBe(false)
    expect(second.take(40)).toBe(true)
    expect(budget.heldBytes).toBe(100)
  })

  it('has back what a share took, once, and nothing for what it was refused', () => {
    const budget = openBodyBudget(100)
    const first = budget.open()
    const second = budget.open()
    first.take(60)
    second.take(30)
    second.take(30)
    first.release()
    first.release()
    expect(budget.heldBytes).toBe(30)
    second.release()
    expect(budget.heldBytes).toBe(0)
  })
})
