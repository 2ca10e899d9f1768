import { ZodObject, type ZodType, type z } from 'zod'
import type { Refusal } from '../kernel/index.ts'
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
    throw refusalFor(result.error.issues)
  }
}

/** An object's schema that says nothing of further fields refuses them. */
function strictly(schema: ZodType): ZodType {
  const isOpen = schema instanceof ZodObject && schema.def.catchall === undefined
  return isOpen ? schema.strict() : schema
}

function refusalFor(issues: readonly z.core.$ZodIssue[]): Refusal {
  const messages = issues.slice(0, 5).map(describe)
  const param = paramOf(issues[0])
  return refuse(
    'http_input_invalid',
    `Mend the request: ${messages.join('; ')}.`,
    param === '' ? {} : { param },
  )
}

function describe(issue: z.core.$ZodIssue): string {
  const param = paramOf(issue)
  if (issue.code === 'unrecognized_keys') return `the field ${cut(param)} is not known here`
  const message = issue.message.replace(/^Invalid input: /, '').replaceAll('\n', ' ')
  return param === '' ? cut(message, 200) : `${cut(param)}: ${cut(message, 200)}`
}

function paramOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return ''
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  return cut([...issue.path, ...unknown].map(String).join('.'))
}

function cut(text: string, length = 100): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
