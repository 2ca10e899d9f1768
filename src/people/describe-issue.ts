import type { z } from 'zod'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/**
 * What is wrong with an input, in our words: which field, what it must be, what came. What came is
 * shortened, and left out where it may be a secret.
 *
 * @param input what the issue was found in
 * @param name of the input as a whole, for an issue that is about all of it
 */
export function describeIssue(issue: Issue, input: unknown, name: string): string {
  const found = deepest(issue)
  const field = pathText(found.path) || name
  if (found.code === 'unrecognized_keys')
    return `the field ${pathText([...found.path, found.keys[0] ?? ''])} is not known here`
  const value = valueAt(input, found.path)
  const wanted = wantedBy(found)
  if (value === undefined) return `${field} is missing: it ${wanted}`
  if (wanted === NOT_EMPTY) return `${field} ${wanted}`
  return `${field} ${wanted}, not ${shown(value, found)}`
}

/** The field an issue is about, such as `scopes[0]`; empty: the input as a whole. */
export function fieldOf(issue: Issue): string {
  const found = deepest(issue)
  const unknown = found.code === 'unrecognized_keys' ? found.keys.slice(0, 1) : []
  return pathText([...found.path, ...unknown])
}

const NOT_EMPTY = 'must not be empty'
const LONGEST_PATH = 100

function pathText(path: Path): string {
  const text = path.reduce<string>((before, part) => {
    if (typeof part === 'number') return `${before}[${part}]`
    return before === '' ? String(part) : `${before}.${String(part)}`
  }, '')
  return text.length > LONGEST_PATH ? `${text.slice(0, LONGEST_PATH)}…` : text
}

/**
 * Of something that may be one of several: what the closest of them wants, which is the one whose
 * fault lies deepest; where none lies deeper, all that they want.
 */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const firsts = issue.errors.flatMap((branch) => {
    const [first] = branch
    return first === undefined ? [] : [deepest(first)]
  })
  const depth = Math.max(...firsts.map((first) => first.path.length))
  const closest = firsts.filter((first) => first.path.length === depth)
  const [one] = closest
  if (one === undefined) return issue
  const path = [...issue.path, ...one.path]
  if (closest.length === 1) return { ...one, path }
  const values = closest.flatMap((each) => (each.code === 'invalid_value' ? each.values : []))
  if (closest.every(({ code }) => code === 'invalid_value'))
    return { ...one, code: 'invalid_value', values, path } as Issue
  const message = [...new Set(closest.map((each) => withoutMust(wantedBy(each))))].join(' or ')
  return { code: 'custom', path, message, input: undefined }
}

function withoutMust(wanted: string): string {
  return wanted.replace(/^must be /, '')
}

function wantedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return wantedValue(issue.values)
    case 'too_small':
      return wantedSize(issue, { count: Number(issue.minimum), atLeast: true })
    case 'too_big':
      return wantedSize(issue, { count: Number(issue.maximum), atLeast: false })
    case 'invalid_format':
      return FORMATS[issue.format] ?? inOurWords(issue.message, `must be a valid ${issue.format}`)
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    default:
      return inOurWords(issue.message, 'must be something else')
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'must be an id such as 0190a7c2-5d1e-7f3a-9b4c-1d2e3f4a5b6c',
  email: 'must be an e-mail address',
  datetime: 'must be a time such as 2027-01-31T12:00:00Z',
  date: 'must be a date such as 2027-01-31',
  url: 'must be an address such as https://example.org',
}

function wantedValue(values: readonly z.core.util.Primitive[]): string {
  const words = [...new Set(values.map(String))]
  return words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(', ')}`
}

function wantedSize(
  {
    origin,
    inclusive = true,
    exact,
  }: Issue & { origin: string; inclusive?: boolean; exact?: boolean },
  { count, atLeast }: { readonly count: number; readonly atLeast: boolean },
): string {
  const noun = SIZED[origin]
  const word = exact === true ? 'exactly' : atLeast ? 'at least' : 'at most'
  if (noun !== undefined) {
    if (atLeast && exact !== true && count === 1) return NOT_EMPTY
    return `must have ${word} ${count} ${count === 1 ? noun[0] : noun[1]}`
  }
  if (inclusive) return `must be ${word} ${count}`
  return `must be ${atLeast ? 'more' : 'less'} than ${count}`
}

const SIZED: Readonly<Record<string, readonly [string, string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  object: ['field', 'fields'],
}

/** Schemas of ours say what they want as a noun: `two capital letters`, `no control characters`. */
function inOurWords(message: string, otherwise: string): string {
  if (/^Invalid\b/.test(message)) return otherwise
  return `${message.startsWith('no ') ? 'must hold' : 'must be'} ${message.replaceAll('\n', ' ')}`
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<PropertyKey, unknown>>)[part]
  }
  return value
}

const LONGEST_VALUE = 40

function shown(value: unknown, { path, code }: Issue): string {
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  if (value === '') return 'empty'
  const isMeasured = code === 'too_big' || code === 'too_small'
  if (isMeasured) return `${value.length}`
  if (isSecret(value, path)) return 'what came (it is not shown here)'
  const harmless = value.replace(/\/\/[^@/]*@/, '//…@')
  return JSON.stringify(
    harmless.length > LONGEST_VALUE ? `${harmless.slice(0, LONGEST_VALUE)}…` : harmless,
  )
}

/** By what the field is called, or by what keys of ours and of others begin with. */
function isSecret(value: string, path: Path): boolean {
  const name = String(path.findLast((part) => typeof part === 'string') ?? '')
  const isNamedSo = /^(api_?)?key$|secret|token|password|authorization|cookie|credential/i.test(
    name,
  )
  return isNamedSo || /\b(baimo_|sk-|Bearer )/.test(value)
}
