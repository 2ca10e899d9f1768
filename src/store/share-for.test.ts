import { expect, it } from 'vitest'
import { shareFor } from './share-for.ts'

it('runs one check for all who ask while it runs or shortly after', async () => {
  let checks = 0
  const ask = shareFor(60_000, async () => ++checks)
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1])
  expect(await ask()).toBe(1)
})

it('checks again once the answer is old, but never beside a check that runs', async () => {
  const ends: (() => void)[] = []
  const ask = shareFor(0, () => new Promise<void>((resolve) => ends.push(resolve)))
  const first = ask()
  expect(ask()).toBe(first)
  ends[0]?.()
  await first
  expect(ask()).not.toBe(first)
})
