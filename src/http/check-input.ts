import { ZodObject, type ZodType, type z } from 'zod'
import type { Refusal } from '../kernel/index.ts'
import { describeIssue, fieldOf } from '../people/index.ts'
import { refuse } from './errors.ts'

/** Reads one part of a request by its schema. Refuses with `http_input_invalid`. */
export type InputCheck = (value: unknown) => unknown

/**
 * The check of a schema; fields it does not know are refused by name, since a misspelt one would
 * otherwise be ignored in silence. Without a schema nothing is read.
 *
 * @param where what the value is, for the message when all of it is missing
 */
export function checkOf(schema: ZodType | undefined, where: 'path' | 'query' | 'body'): InputCheck {
  if (schema === undefined) return () => undefined
  const strict = strictly(schema)
  return (value) => {
    const result = strict.safeParse(value)
    if (result.success) return result.data
    if (value === undefined)
      throw refuse('http_input_invalid', `Send a JSON object as the ${where} of the request.`)
    throw refusalFor(result.error.issues, value, `the ${where}`)
  }
}

/** An object's schema that says nothing of further fields refuses them. */
function strictly(schema: ZodType): ZodType {
  const isOpen = schema instanceof ZodObject && schema.def.catchall === undefined
  return isOpen ? schema.strict() : schema
}

const MOST_ISSUES = 5

function refusalFor(issues: readonly z.core.$ZodIssue[], value: unknown, name: string): Refusal {
  const messages = issues.slice(0, MOST_ISSUES).map((issue) => describeIssue(issue, value, name))
  const text = messages.join('; ').replace(/^the /, 'The ')
  const [first] = issues
  const param = first === undefined ? '' : fieldOf(first)
  return refuse('http_input_invalid', `${text}.`, param === '' ? {} : { param })
}
