import type { BattleJson } from '../arena/index.ts'
import { formatCost } from './format-cost.ts'
import type { Column } from './format-table.ts'
import { formatWhole, UNKNOWN } from './words.ts'

type Reveal = NonNullable<BattleJson['reveal']>

export const REVEAL_COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'MODEL', isWhole: true },
  { title: 'PROVIDER' },
  { title: 'COST', side: 'right' },
  { title: 'TIME', side: 'right' },
  { title: 'TOKENS', side: 'right' },
]

/** Who answered, left first. */
export function revealRows({ a, b }: Reveal): string[][] {
  return [rowOf('A', a), rowOf('B', b)]
}

function rowOf(side: string, { model, provider, cost, total_ms: ms, tokens }: Reveal['a']) {
  const known = { ...cost, reason: null }
  return [
    side,
    model ?? UNKNOWN,
    provider ?? UNKNOWN,
    formatCost(known),
    ms === null ? UNKNOWN : `${(ms / 1_000).toFixed(1)} s`,
    formatWhole(tokens?.output),
  ]
}
