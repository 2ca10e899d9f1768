import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contrast, readCsv, type StyledVotes } from '../../src/ratings/index.ts'

const FEATURES = ['words', 'headers', 'lists', 'bold'] as const

/** Votes of 124 people on 59 models' answers to 13 prompts, with what the answers looked like. */
export function readLlmfaoStyle(): StyledVotes {
  const text = readFileSync(
    join(import.meta.dirname, '../fixtures/ratings/llmfao-votes.csv'),
    'utf8',
  )
  const rows: (readonly string[])[] = []
  readCsv(text, { at: 0, line: 1 }, (cells) => rows.push(cells))
  const head = rows.shift() ?? []
  const column = (name: string) => rows.map((cells) => cells[head.indexOf(name)] ?? '')
  const [a, b] = [column('model_a'), column('model_b')]
  const models = [...new Set([...a, ...b])].toSorted((x, y) => (x < y ? -1 : 1))
  const place = new Map(models.map((name, index) => [name, index]))
  const sides = FEATURES.map((name) => [column(`${name}_a`), column(`${name}_b`)])
  const points: Readonly<Record<string, number>> = { model_a: 1, model_b: 0, tie: 0.5 }
  return {
    models,
    left: Int32Array.from(a, (name) => place.get(name) ?? 0),
    right: Int32Array.from(b, (name) => place.get(name) ?? 0),
    points: Float64Array.from(column('winner'), (label) => points[label] ?? Number.NaN),
    features: FEATURES,
    contrasts: Float64Array.from(
      rows.flatMap((_, vote) =>
        sides.map(([left, right]) => contrast(Number(left?.[vote]), Number(right?.[vote]))),
      ),
    ),
    rater: Int32Array.from(column('worker'), Number),
  }
}
