import { type Kysely, sql } from 'kysely'

/** What one request of a battle consumed. */
export interface SideUsage {
  readonly id: string
  readonly totalMs: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costPico: bigint | null
  readonly costCurrency: string | null
  readonly costUnknown: string | null
  readonly priceRef: string | null
}

export async function selectSideUsage(
  db: Kysely<unknown>,
  ids: readonly string[],
): Promise<Map<string, SideUsage>> {
  const { rows } = await sql<{
    id: string
    total_ms: number
    input: string
    output: string
    cost_pico: string | null
    cost_currency: string | null
    cost_unknown: string | null
    price_ref: string | null
  }>`select id, total_ms, input_tokens + cached_input_tokens + cache_write_tokens as input,
      output_tokens + reasoning_tokens as output, cost_pico, cost_currency, cost_unknown, price_ref
    from usage where id = any(${ids}::uuid[])`.execute(db)
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        totalMs: row.total_ms,
        inputTokens: Number(row.input),
        outputTokens: Number(row.output),
        costPico: row.cost_pico === null ? null : BigInt(row.cost_pico),
        costCurrency: row.cost_currency,
        costUnknown: row.cost_unknown,
        priceRef: row.price_ref,
      },
    ]),
  )
}
