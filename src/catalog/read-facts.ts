import { z } from 'zod'
import type { Json } from '../kernel/index.ts'
import { describeIssue } from '../people/index.ts'
import { refuse } from './errors.ts'
import type { FactName } from './types.ts'

const count = z.int().positive()
const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'no control characters')
const country = z.string().regex(/^[A-Z]{2}$/, 'two capital letters (ISO 3166), such as FR')

/** What a value of each fact may be. */
export const FACT_VALUES = {
  openness: z.enum(['closed', 'weights', 'weights-and-code', 'fully-open']),
  licence: text(200),
  publisher_country: country,
  parameters_total: count,
  parameters_active: count,
  context_tokens: count,
  modalities: z
    .array(z.enum(['text', 'image', 'audio', 'video']))
    .min(1)
    .max(4),
  /** A country, `this-machine`, or `own-network`. */
  place: z.union([country, z.enum(['this-machine', 'own-network'])]),
  /** The law that binds the provider: a country, or `EU`. */
  law: country,
  /** 0: it keeps nothing of a request. */
  retention_days: z.union([z.int().min(0).max(36_500), z.literal('unlimited')]),
  training_use: z.enum(['never', 'opt-in', 'opt-out', 'always']),
} satisfies Record<FactName, z.ZodType>

const statement = z.strictObject({ value: z.unknown(), source: text(500) })

/** A fact as somebody states it: a value with its source; null takes it back to unknown. */
export type FactChange =
  | { readonly name: FactName; readonly value: Json; readonly source: string }
  | { readonly name: FactName; readonly value: null; readonly source: null }

/**
 * Reads `{name: {value, source} | null}`; names outside `allowed`, values that do not fit and
 * missing sources are refused with `catalog_fact_invalid`.
 */
export function readFacts(
  given: Readonly<Record<string, unknown>>,
  allowed: readonly FactName[],
): FactChange[] {
  return Object.entries(given).map(([given_name, said]) => {
    const name = allowed.find((each) => each === given_name)
    if (name === undefined) {
      throw invalid('facts', `There is no fact "${given_name}" here: ${allowed.join(', ')}.`)
    }
    if (said === null) return { name, value: null, source: null }
    const stated = statement.safeParse(said)
    if (!stated.success) {
      throw invalid(`facts.${name}`, `Give {"value": …, "source": "…"} for ${name}, or null.`)
    }
    const value = FACT_VALUES[name].safeParse(stated.data.value)
    if (value.success) return { name, value: value.data, source: stated.data.source }
    const [issue] = value.error.issues
    const whole = `The value of ${name}`
    const reason = issue === undefined ? '' : describeIssue(issue, stated.data.value, whole)
    throw invalid(`facts.${name}.value`, `${reason}.`)
  })
}

/** The value where it fits the fact, else undefined: for what files and upstreams say. */
export function factValue(name: FactName, value: unknown): Json | undefined {
  const read = FACT_VALUES[name].safeParse(value)
  return read.success ? read.data : undefined
}

function invalid(param: string, message: string): Error {
  return refuse('catalog_fact_invalid', message.replace(/\s+/g, ' ').slice(0, 300), { param })
}
