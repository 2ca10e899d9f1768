import { expect, test } from 'vitest'
import { isBattleTurn } from './is-battle-turn.ts'

test('a share of turns are battles: none at 0, all at 1', () => {
  const evenly = Array.from({ length: 1_000 }, (_, at) => at / 1_000)
  const count = (share: number) => evenly.filter((u) => isBattleTurn(u, share)).length
  expect([count(0), count(0.05), count(1)]).toEqual([0, 50, 1_000])
})
