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

  /** A share that holds so many bytes. */
  function holding(budget: ReturnType<typeof openBodyBudget>, sizeBytes: number) {
    const share = budget.open()
    expect(share.take(sizeBytes)).toBe(true)
    return share
  }

  it('lets one provider have half of it, and the others the rest', () => {
    const budget = openBodyBudget(100)
    const waiting = Array.from({ length: 5 }, () => holding(budget, 10))
    expect(waiting.map((share) => share.waitFor('slow'))).toEqual([true, true, true, true, true])
    const late = holding(budget, 10)
    expect(late.waitFor('slow')).toBe(false)
    expect(late.waitFor('quick')).toBe(true)
    waiting[0]?.release()
    expect(holding(budget, 10).waitFor('slow')).toBe(true)
  })

  it('counts a share for the provider that it waits for now', () => {
    const budget = openBodyBudget(100)
    const moved = holding(budget, 40)
    expect([moved.waitFor('a'), moved.waitFor('a'), moved.waitFor('b')]).toEqual([true, true, true])
    expect(holding(budget, 40).waitFor('a')).toBe(true)
    const third = holding(budget, 20)
    expect(third.waitFor('b')).toBe(false)
    moved.release()
    moved.release()
    expect(third.waitFor('b')).toBe(true)
  })

  it('lets a body wait that is larger than half, when nobody else does', () => {
    const budget = openBodyBudget(100)
    expect(holding(budget, 80).waitFor('a')).toBe(true)
    expect(holding(budget, 10).waitFor('a')).toBe(false)
  })

  it('counts those that a provider has, and those that wait for it, until they are over', () => {
    const budget = openBodyBudget(256)
    const running = Array.from({ length: 64 }, () => holding(budget, 2))
    expect(running.every((share) => share.waitFor('a'))).toBe(true)
    expect(budget.heldBytes).toBe(128)
    expect(holding(budget, 2).waitFor('a')).toBe(false)
    expect(holding(budget, 100).waitFor('b')).toBe(true)
  })
})
