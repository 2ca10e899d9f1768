import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { refuse } from '../errors.ts'
import { excludeEachOther } from './exclude-each-other.ts'
import { fitsSchema } from './fits-schema.ts'
import { isDemanding, mergeSchemas, Unsatisfiable, weightOf } from './merge-schemas.ts'

/** A grammar in llama.cpp's notation (GBNF) that only lets through what fits a JSON Schema. */
export interface SchemaGrammar {
  readonly grammar: string
  /** Keywords that say more than a grammar can hold; the answer may break them. */
  readonly ignoredKeywords: readonly string[]
}

const MAX_RULES = 4_096
const MAX_DEPTH = 64
/** Schemas looked at, and keywords joined, which options within options multiply. */
const MAX_STEPS = 131_072
/** llama.cpp unrolls repetitions: large ones are left open instead. */
const MAX_REPEAT = 256

/** The body of a rule until it is written. */
const UNWRITTEN = ''

/** Bounds of what a schema leaves open, for models whose context is soon full. */
const SHORT_CHARACTERS = 48
const SHORT_MEMBERS = 7

export interface GrammarOptions {
  /** Where a schema sets no bounds: none, or such that a small model comes to an end. */
  readonly isShort: boolean
  /** The parameter of the request that a refusal names; absent: `response_format`. */
  readonly param?: string
}

const shortRules = {
  string: `"\\"" char{0,${SHORT_CHARACTERS}} "\\""`,
  integer: '"-"? ("0" | [1-9] [0-9]{0,8})',
  natural: '"0" | [1-9] [0-9]{0,8}',
  number: 'integer ("." [0-9]{1,6})?',
  object: `"{" (member ("," ws member){0,${SHORT_MEMBERS}})? "}"`,
  array: '"[]"',
  value: 'string | number | boolean | null',
}

const commonRules = {
  ws: '[ ]?',
  char: '[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" (["\\\\bfnrt] | "u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2}))',
  string: '"\\"" char* "\\""',
  integer: '"-"? ("0" | [1-9] [0-9]{0,14})',
  natural: '"0" | [1-9] [0-9]{0,14}',
  number: 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
  boolean: '"true" | "false"',
  null: '"null"',
  member: 'string ":" ws value',
  object: '"{" (member ("," ws member)*)? "}"',
  array: '"[" (value ("," ws value)*)? "]"',
  value: 'object | array | string | number | boolean | null',
  date: '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])',
  time: '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] "Z"',
  hex: '[0-9a-f]',
}

const formats: Readonly<Record<string, string>> = {
  date: '"\\"" date "\\""',
  time: '"\\"" time "\\""',
  'date-time': '"\\"" date "T" time "\\""',
  uuid: '"\\"" hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12} "\\""',
}

const understood = new Set(
  `type properties required additionalProperties items prefixItems minItems maxItems minLength
  maxLength enum const anyOf oneOf allOf $ref $defs definitions format title description default
  examples $schema $id $comment deprecated readOnly writeOnly nullable strict`.split(/\s+/),
)

/** Ends the sentence "The JSON schema cannot be used:"; `schemaGrammar` makes a refusal of it. */
class Unusable extends Error {}
const unusable = (why: string) => new Unusable(why)

/** JSON text as a literal of the grammar. */
export function literal(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return `"${escaped.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}

function repeat(rule: string, min: number, max: number | undefined): string {
  if (min === 0 && max === undefined) return `${rule}*`
  return `${rule}{${min},${max ?? ''}}`
}

/** A step of a JSON pointer in a URL fragment. */
function decodeStep(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step // a % that begins no escape stands for itself
  }
}

class Writer {
  readonly rules = new Map<string, string>()
  readonly ignored = new Set<string>()
  /** Rules of references, by their text, and of schemas that may lead to themselves. */
  readonly #names = new Map<string | JsonObject, string>()
  /** Those being written of which no character is written yet: to meet one again never ends. */
  #open = new Set<string>()
  #steps = 0
  readonly #root: Json
  readonly #isShort: boolean

  constructor(root: Json, isShort: boolean) {
    this.#root = root
    this.#isShort = isShort
  }

  /** Gives a body a name of its own and answers the name. */
  define(body: string): string {
    const name = `r${this.rules.size}`
    this.rules.set(name, body)
    if (this.rules.size > MAX_RULES) throw unusable('it is too large.')
    return name
  }

  schema(schema: Json, depth: number): string {
    if (depth > MAX_DEPTH) throw unusable('it nests too deeply.')
    this.#count(1)
    if (schema === true) return 'value'
    if (schema === false) throw new Unsatisfiable('it is false, or a part that is needed is.')
    if (!isJsonObject(schema)) throw unusable('a part of it is not a schema.')
    for (const key of Object.keys(schema)) if (!understood.has(key)) this.ignored.add(key)
    const { $ref, anyOf, oneOf, allOf } = schema
    if (typeof $ref === 'string') return this.#reference(schema, $ref, depth)
    if (Array.isArray(allOf))
      return this.#named(schema, () => this.schema(this.#allOf(schema, allOf), depth + 1))
    if (Array.isArray(anyOf))
      return this.#named(schema, () => this.#options(schema, 'anyOf', depth))
    if (Array.isArray(oneOf)) {
      // A grammar takes what fits several of them, too: that is said where it may happen.
      if (!excludeEachOther(oneOf.map((one) => this.#looked(one)))) this.ignored.add('oneOf')
      return this.#named(schema, () => this.#options(schema, 'oneOf', depth))
    }
    if (schema.const !== undefined) return this.#choice(schema, [schema.const])
    if (Array.isArray(schema.enum)) return this.#choice(schema, schema.enum as readonly Json[])
    return this.#typed(schema, depth)
  }

  #count(steps: number): void {
    this.#steps += steps
    if (this.#steps > MAX_STEPS) throw unusable('it is too large.')
  }

  /** A schema inside braces or brackets: it may lead back to what is open outside of them. */
  #inside(schema: Json, depth: number): string {
    const outside = this.#open
    this.#open = new Set()
    try {
      return this.schema(schema, depth + 1)
    } finally {
      this.#open = outside
    }
  }

  /** The rule of what may lead to itself: named before it is written. */
  #named(key: string | JsonObject, write: () => string): string {
    const known = this.#names.get(key)
    if (known !== undefined && this.#open.has(known))
      throw unusable('it leads to itself with nothing between.')
    if (known !== undefined) return known
    const name = this.define(UNWRITTEN)
    this.#names.set(key, name)
    this.#open.add(name)
    try {
      this.rules.set(name, write())
    } catch (error) {
      this.#names.delete(key)
      throw error
    } finally {
      this.#open.delete(name)
    }
    return name
  }

  #choice(schema: JsonObject, values: readonly Json[]): string {
    if (values.length === 0) throw unusable('an "enum" is empty.')
    const { enum: _, ...rest } = schema
    const budget = { left: MAX_STEPS }
    const fitting = values.filter((value) => fitsSchema(value, rest, budget))
    if (fitting.length === 0)
      throw new Unsatisfiable('no value of an "enum" or "const" fits what stands beside it.')
    return this.define(fitting.map((v) => literal(JSON.stringify(v))).join(' | '))
  }

  /** What a plain reference leads to, one step; all else as it is. */
  #looked(schema: Json): Json {
    const isReference = isJsonObject(schema) && typeof schema.$ref === 'string'
    return isReference ? this.#target(String(schema.$ref)) : schema
  }

  #target(ref: string): Json {
    if (!ref.startsWith('#')) throw unusable(`"$ref" to "${ref}" leads out of it.`)
    let target: Json | undefined = this.#root
    for (const step of ref.slice(1).split('/').filter(Boolean)) {
      const name = decodeStep(step)
      target = isJsonObject(target) && Object.hasOwn(target, name) ? target[name] : undefined
    }
    if (target === undefined) throw unusable(`"$ref" to "${ref}" leads nowhere.`)
    return target
  }

  #reference(schema: JsonObject, ref: string, depth: number): string {
    const { $ref: _, ...beside } = schema
    const target = this.#target(ref)
    if (!isDemanding(beside) || !isJsonObject(target))
      return this.#named(ref, () => this.schema(target, depth + 1))
    return this.#named(schema, () => this.schema(this.#merge(beside, target), depth + 1))
  }

  #merge(first: JsonObject, second: JsonObject): JsonObject {
    this.#count(weightOf(first) + weightOf(second))
    return mergeSchemas(first, second, (keyword) => this.ignored.add(keyword))
  }

  /** One schema that demands what all parts do. */
  #allOf(schema: JsonObject, parts: readonly Json[]): JsonObject {
    let { allOf: _, ...merged }: JsonObject = schema
    for (const part of parts) {
      let wanted: Json = part
      while (isJsonObject(wanted) && typeof wanted.$ref === 'string') {
        const { $ref, ...beside }: JsonObject = wanted
        const target = this.#target(String($ref))
        wanted = isJsonObject(target) ? this.#merge(beside, target) : target
      }
      if (wanted === false) throw new Unsatisfiable('a part of an "allOf" is false.')
      if (isJsonObject(wanted)) merged = this.#merge(merged, wanted)
      else if (wanted !== true) throw unusable('a part of it is not a schema.')
    }
    return merged
  }

  /** Each option together with what stands beside them; those that contradict it fall away. */
  #options(schema: JsonObject, keyword: 'anyOf' | 'oneOf', depth: number): string {
    const { [keyword]: options, ...beside } = schema
    const rules = new Set<string>()
    let reason = `"${keyword}" is empty.`
    for (const option of options as readonly Json[])
      try {
        const isAlone = !isDemanding(beside) || !isJsonObject(option)
        const whole = isAlone ? (option === true ? beside : option) : this.#merge(beside, option)
        rules.add(this.schema(whole, depth + 1))
      } catch (error) {
        if (!(error instanceof Unsatisfiable)) throw error
        reason = error.message
      }
    if (rules.size === 0) throw new Unsatisfiable(reason)
    return this.define([...rules].join(' | '))
  }

  #typed(schema: JsonObject, depth: number): string {
    const { type } = schema
    const types: readonly Json[] = Array.isArray(type) ? type : [type ?? inferType(schema)]
    if (types.length === 0) throw unusable('a "type" is empty.')
    const names = new Set<string>()
    let reason = ''
    for (const one of types)
      try {
        names.add(this.#oneType(one, schema, depth))
      } catch (error) {
        if (!(error instanceof Unsatisfiable)) throw error
        reason = error.message
      }
    if (schema.nullable === true) names.add('null')
    const [only] = names
    if (only === undefined) throw new Unsatisfiable(reason)
    return names.size === 1 ? only : this.define([...names].join(' | '))
  }

  #oneType(type: Json, schema: JsonObject, depth: number): string {
    if (type === 'object') return this.#object(schema, depth)
    if (type === 'array') return this.#array(schema, depth)
    if (type === 'string') return this.#string(schema)
    if (type === 'integer' && typeof schema.minimum === 'number' && schema.minimum >= 0)
      return 'natural'
    if (type === 'integer' || type === 'number' || type === 'boolean' || type === 'null')
      return type
    if (type === 'any') return 'value'
    throw unusable(`it has the unknown type ${JSON.stringify(type)}.`)
  }

  #bounds(schema: JsonObject, minKey: string, maxKey: string) {
    const [low, high] = [schema[minKey], schema[maxKey]]
    let min = typeof low === 'number' ? Math.max(0, Math.floor(low)) : 0
    let max = typeof high === 'number' ? Math.max(0, Math.floor(high)) : undefined
    if (max !== undefined && max < min) throw new Unsatisfiable(`"${minKey}" is above "${maxKey}".`)
    if (min > MAX_REPEAT) {
      this.ignored.add(minKey)
      min = 0
    }
    if (max !== undefined && max > MAX_REPEAT) {
      this.ignored.add(maxKey)
      max = undefined
    }
    if (max === undefined && this.#isShort && min <= SHORT_MEMBERS && maxKey === 'maxItems')
      max = SHORT_MEMBERS
    return { min, max }
  }

  #string(schema: JsonObject): string {
    const format = typeof schema.format === 'string' ? formats[schema.format] : undefined
    if (format !== undefined) {
      for (const key of ['minLength', 'maxLength'])
        if (schema[key] !== undefined) this.ignored.add(key)
      return this.define(format)
    }
    if (schema.format !== undefined) this.ignored.add('format')
    const { min, max } = this.#bounds(schema, 'minLength', 'maxLength')
    if (min === 0 && max === undefined) return 'string'
    return this.define(`"\\"" ${repeat('char', min, max)} "\\""`)
  }

  #array(schema: JsonObject, depth: number): string {
    const { min, max = Number.POSITIVE_INFINITY } = this.#bounds(schema, 'minItems', 'maxItems')
    const prefix = Array.isArray(schema.prefixItems) ? (schema.prefixItems as readonly Json[]) : []
    const first = prefix.slice(0, max).map((item) => this.#inside(item, depth))
    // Behind a prefix nothing comes unasked, as an empty list is the simplest there is.
    const hasMore = prefix.length === 0 || schema.items !== undefined || min > prefix.length
    const item =
      hasMore && max > prefix.length ? this.#items(schema, min > prefix.length, depth) : null
    if (item === null) return this.define(`"[" ${first.join(' "," ws ') || '""'} "]"`)
    const more = (from: number) =>
      repeat(
        this.define(`"," ws ${item}`),
        Math.max(0, min - from),
        Number.isFinite(max) ? max - from : undefined,
      )
    if (first.length > 0)
      return this.define(`"[" ${first.join(' "," ws ')} ${more(first.length)} "]"`)
    const some = `${item} ${more(1)}`
    return this.define(min === 0 ? `"[" (${some})? "]"` : `"[" ${some} "]"`)
  }

  /** The rule of further items; null where there can be none, and need not be. */
  #items(schema: JsonObject, isNeeded: boolean, depth: number): string | null {
    try {
      return this.#inside(schema.items ?? true, depth)
    } catch (error) {
      if (isNeeded || !(error instanceof Unsatisfiable)) throw error
      return null
    }
  }

  /** Names of members and their schemas: the declared, then the required that nothing declares. */
  #members(schema: JsonObject, required: ReadonlySet<Json>): [string, Json][] {
    const properties = isJsonObject(schema.properties) ? schema.properties : {}
    const undeclared = [...required].filter(
      (key) => typeof key === 'string' && !Object.hasOwn(properties, key),
    )
    const extra = schema.additionalProperties ?? true
    return [
      ...Object.entries(properties),
      ...undeclared.map((key): [string, Json] => [String(key), extra]),
    ]
  }

  /** The rule of a member; null where it can have no value, and need not be there. */
  #member([key, value]: [string, Json], isRequired: boolean, depth: number): string | null {
    try {
      return this.define(`${literal(JSON.stringify(key))} ":" ws ${this.#inside(value, depth)}`)
    } catch (error) {
      if (isRequired || !(error instanceof Unsatisfiable)) throw error
      return null
    }
  }

  #object(schema: JsonObject, depth: number): string {
    const required = new Set<Json>(Array.isArray(schema.required) ? schema.required : [])
    const members = this.#members(schema, required)
    const extra = schema.additionalProperties
    if (members.length === 0 && (extra === undefined || extra === true)) return 'object'
    const isOpen = extra === true || isJsonObject(extra)
    const other = isOpen ? this.define(`string ":" ws ${this.#inside(extra, depth)}`) : undefined
    // From the last member to the first: what may follow when nothing was written yet, and when
    // something was, differ by the comma.
    let first = other === undefined ? '""' : `(${other} ("," ws ${other})*)?`
    let later = other === undefined ? '""' : `("," ws ${other})*`
    for (const entry of members.reverse()) {
      const isRequired = required.has(entry[0])
      const member = this.#member(entry, isRequired, depth)
      if (member === null) continue
      const rest = this.define(later)
      const skipFirst = isRequired ? '' : ` | ${this.define(first)}`
      const skipLater = isRequired ? '' : ` | ${rest}`
      first = `${member} ${rest}${skipFirst}`
      later = `"," ws ${member} ${rest}${skipLater}`
    }
    return this.define(`"{" ${this.define(first)} "}"`)
  }
}

function inferType(schema: JsonObject): Json {
  const isObject = ['properties', 'additionalProperties', 'required'].some(
    (key) => schema[key] !== undefined,
  )
  if (isObject) return 'object'
  if (['items', 'prefixItems', 'minItems', 'maxItems'].some((key) => schema[key] !== undefined))
    return 'array'
  if (schema.minLength !== undefined || schema.maxLength !== undefined) return 'string'
  return 'any'
}

/** Only the rules that are reached from the root: llama.cpp reads no faster for the others. */
function reachable(root: string, rules: ReadonlyMap<string, string>): Map<string, string> {
  const reached = new Map<string, string>()
  const visit = (name: string) => {
    const body = rules.get(name)
    if (body === undefined || reached.has(name)) return
    if (body === UNWRITTEN) throw unusable('a part that it leads back to cannot be fulfilled.')
    reached.set(name, body)
    const bare = body.replaceAll(/"(?:[^"\\]|\\.)*"|\[(?:[^\]\\]|\\.)*\]/g, ' ')
    for (const word of bare.match(/[a-z][a-z0-9]*/g) ?? []) visit(word)
  }
  visit(root)
  return reached
}

/**
 * The grammar of a JSON Schema. Error: engine_request_invalid, where the schema contradicts itself
 * or leads out of itself. Keywords beyond a grammar's power are named in `ignoredKeywords`.
 */
export function schemaGrammar(
  schema: Json,
  { isShort, param = 'response_format' }: GrammarOptions = { isShort: false },
): SchemaGrammar {
  try {
    return writeGrammar(schema, isShort)
  } catch (cause) {
    if (!(cause instanceof Unusable || cause instanceof Unsatisfiable)) throw cause
    const message = `The JSON schema cannot be used: ${cause.message}`
    throw refuse('engine_request_invalid', message, { param, cause })
  }
}

function writeGrammar(schema: Json, isShort: boolean): SchemaGrammar {
  const writer = new Writer(schema, isShort)
  const top = writer.schema(schema, 0)
  const common = isShort ? { ...commonRules, ...shortRules } : commonRules
  const rules = new Map<string, string>([...Object.entries(common), ...writer.rules])
  rules.set('root', top)
  const lines = [...reachable('root', rules)].map(([name, body]) => `${name} ::= ${body}`)
  return { grammar: `${lines.join('\n')}\n`, ignoredKeywords: [...writer.ignored].sort() }
}

/** A grammar of exactly these texts. */
export const choiceGrammar = (texts: readonly string[]): string =>
  `root ::= ${texts.map(literal).join(' | ')}\n`
