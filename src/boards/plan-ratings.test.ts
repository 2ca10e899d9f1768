import { expect, it } from 'vitest'
import { openPlan } from './plan-ratings.ts'

const plan = () => openPlan({ debounceMs: 200, settleMs: 500, settleMostMs: 1_000 })
const overall = { boardId: 1, isStyled: false, isOverall: true }
const slice = { boardId: 2, isStyled: false, isOverall: false }
const styled = { boardId: 1, isStyled: true, isOverall: true }

it('rates a lone vote at once, and many of them every 200 ms', () => {
  const one = plan()
  one.moved(overall, 1_000)
  expect(one.take(1_000)).toEqual({ boardId: 1, isStyled: false, isSettled: false })
  one.moved(overall, 1_010)
  expect(one.take(1_100)).toBeNull()
  expect(one.waitMs(1_100)).toBe(100)
  expect(one.take(1_200)).not.toBeNull()
  expect(one.isEmpty).toBe(true)
})

it('takes overall before the slices, and style last', () => {
  const one = plan()
  for (const side of [styled, slice, overall]) one.moved(side, 0)
  const order = [one.take(0), one.take(0), one.take(0)]
  expect(order.map((side) => [side?.boardId, side?.isStyled])).toEqual([
    [1, false],
    [2, false],
    [1, true],
  ])
  expect(one.waitMs(0)).toBeNull()
})

it('settles once votes pause, and while they do not, after a second', () => {
  const one = plan()
  one.moved(overall, 0)
  one.take(0)
  one.unsettled(overall, 0)
  expect(one.take(400)).toBeNull()
  expect(one.take(500)?.isSettled).toBe(true)
  expect(one.isEmpty).toBe(true)
  for (let nowMs = 1_000; nowMs < 2_000; nowMs += 200) {
    one.moved(overall, nowMs)
    expect(one.take(nowMs)?.isSettled).toBe(false)
    one.unsettled(overall, nowMs)
  }
  one.moved(overall, 2_000)
  expect(one.take(2_000)?.isSettled).toBe(true)
})

it('settles what takes long no more often than a tenth of the time', () => {
  const one = plan()
  one.moved(overall, 0)
  one.take(0)
  one.settled(overall, 3_000, 2_500)
  one.moved(overall, 4_000)
  expect(one.take(4_000)?.isSettled).toBe(false)
  one.unsettled(overall, 4_100)
  expect(one.waitMs(4_100)).toBe(23_900)
  expect(one.take(28_000)?.isSettled).toBe(true)
})
