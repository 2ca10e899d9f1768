import type { BattleEvent } from './types.ts'

/** Of each turn the text of the left and the right answer; null: not kept. */
export type Texts = Map<number, [string | null, string | null]>

/** What is shown by now: what was told since the last pair was drawn. */
export function textsOfEvents(events: readonly BattleEvent[]): Texts {
  const texts: Texts = new Map()
  for (const { name, data } of events) {
    const turn = Number(data.turn)
    if (name === 'restart' || name === 'dropped') texts.delete(turn)
    if (name !== 'text') continue
    const [a, b] = texts.get(turn) ?? ['', '']
    texts.set(turn, [`${a ?? ''}${String(data.a)}`, `${b ?? ''}${String(data.b)}`])
  }
  return texts
}

/** The same of answers that are whole. */
export function textsOfAnswers(
  answers: readonly {
    readonly turn: number
    readonly side: string
    readonly text: string | null
  }[],
): Texts {
  const texts: Texts = new Map()
  for (const { turn, side, text } of answers) {
    const [a, b] = texts.get(turn) ?? [null, null]
    texts.set(turn, side === 'a' ? [text, b] : [a, text])
  }
  return texts
}
