import { expect, test } from 'vitest'
import { type Arrived, beginPace, stepPace } from './pace-answers.ts'

/** What is shown of both over time, a step each 50 ms; `arrive` says what has come by then. */
function play(arrive: (nowMs: number) => readonly [Arrived, Arrived], steps = 400) {
  let pace = beginPace(0)
  const shown: [string, string] = ['', '']
  const lengths: [number, number][] = []
  for (let step = 1; step <= steps; step += 1) {
    const next = stepPace(pace, arrive(step * 50), step * 50)
    pace = next.pace
    shown[0] += next.added[0]
    shown[1] += next.added[1]
    lengths.push([shown[0].length, shown[1].length])
    if (next.isOver) return { shown, lengths, endedAtMs: step * 50 }
  }
  return { shown, lengths, endedAtMs: null }
}

const part = (text: string, length: number): Arrived => ({
  text: text.slice(0, length),
  isWhole: length >= text.length,
})
const LONG = 'x'.repeat(2_000)
const SHORT = 'y'.repeat(500)

test('nothing is shown before both have begun', () => {
  const { lengths } = play((ms) => [part(LONG, ms), part(SHORT, ms < 1_000 ? 0 : ms)], 60)
  expect(lengths.slice(0, 19).every(([a, b]) => a === 0 && b === 0)).toBe(true)
  expect(lengths[19]).toEqual([500, 500])
})

test('as many characters are shown of each as have come of the slower one', () => {
  const { lengths, shown } = play((ms) => [part(LONG, ms * 10), part(LONG, ms / 10)])
  expect(lengths[10]).toEqual([55, 55])
  expect(lengths.every(([a, b]) => a === b)).toBe(true)
  expect(shown).toEqual([LONG, LONG])
})

test('the longer one goes on at the pace until then, whoever is fast', () => {
  const slowShort = play((ms) => [part(LONG, 2_000), part(SHORT, ms / 2)])
  const fastShort = play((ms) => [part(LONG, ms / 2), part(SHORT, 500)])
  const end = ({ endedAtMs }: { endedAtMs: number | null }) => endedAtMs ?? 0
  expect(Math.abs(end(slowShort) - end(fastShort))).toBeLessThan(300)
  expect(slowShort.shown).toEqual([LONG, SHORT])
  for (const at of [5, 15, 25, 40]) {
    const [a, b] = [slowShort.lengths[at], fastShort.lengths[at]]
    expect(Math.abs((a?.[0] ?? 0) - (b?.[0] ?? 0)), `step ${at}`).toBeLessThan(60)
  }
})

test('both end at once, an empty answer too, and no character is cut', () => {
  const both = play(() => [part('a🙂b', 4), { text: '', isWhole: true }])
  expect(both.shown).toEqual(['a🙂b', ''])
  const cut = stepPace(
    beginPace(0),
    [
      { text: 'ab', isWhole: false },
      { text: 'x🙂', isWhole: false },
    ],
    50,
  )
  expect(cut.added).toEqual(['ab', 'x'])
})

test('one that is not whole is not over', () => {
  const { endedAtMs } = play(() => [part('abc', 3), { text: 'abc', isWhole: false }], 50)
  expect(endedAtMs).toBe(null)
})
