import { expect, test } from 'vitest'
import { textsOfAnswers, textsOfEvents } from './texts-of-events.ts'
import type { BattleEvent } from './types.ts'

const told = (name: string, data: BattleEvent['data']): BattleEvent => ({
  ...{ seq: 1, name, data, shown: [0, 0] },
})

test('texts are what was told since the last draw, by turn', () => {
  const texts = textsOfEvents([
    told('text', { turn: 1, a: 'no', b: 'no' }),
    told('restart', { turn: 1 }),
    told('text', { turn: 1, a: 'A', b: '' }),
    told('text', { turn: 1, a: 'a', b: 'B' }),
    told('text', { turn: 2, a: 'x', b: 'y' }),
    told('dropped', { turn: 2 }),
  ])
  expect([...texts]).toEqual([[1, ['Aa', 'B']]])
})

test('of answers that are not kept there is no text', () => {
  const texts = textsOfAnswers([
    { turn: 1, side: 'a', text: null },
    { turn: 1, side: 'b', text: 'B' },
  ])
  expect([...texts]).toEqual([[1, [null, 'B']]])
})
