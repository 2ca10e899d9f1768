import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { refuse } from '../errors.ts'

/** A grammar in llama.cpp's notation (GBNF) that only lets through what fits a JSON Schema. */
export interface SchemaGrammar {
  readonly grammar: string
  /** Keywords that say more than a grammar can hold; the answer may break them. */
  readonly ignoredKeywords: readonly string[]
}

const MAX_RULES = 4_096
const MAX_DEPTH = 64
/** llama.cpp unrolls repetitions: large ones are left open instead. */
const MAX_REPEAT = 256

/** Bounds of what a schema leaves open, for models whose context is soon full. */
const SHORT_CHARACTERS = 48
const SHORT_MEMBERS = 7

/** Where a schema sets no bounds: none, or such that a small model comes to an end. */
export interface GrammarOptions {
  readonly isShort: boolean
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

const unusable = (why: string) =>
  refuse('engine_request_invalid', `The JSON schema cannot be used: ${why}`, {
    param: 'response_format',
  })

/** JSON text as a literal of the grammar. */
export function literal(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return `"${escaped.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
}

function repeat(rule: string, min: number, max: number | undefined): string {
  if (min === 0 && max === undefined) return `${rule}*`
  return `${rule}{${min},${max ?? ''}}`
}

class Writer {
  readonly rules = new Map<string, string>()
  readonly ignored = new Set<string>()
  readonly #references = new Map<string, string>()
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
    if (schema === true) return 'value'
    if (!isJsonObject(schema)) throw unusable('a part of it is not a schema.')
    for (const key of Object.keys(schema)) if (!understood.has(key)) this.ignored.add(key)
    if (typeof schema.$ref === 'string') return this.#reference(schema.$ref, depth)
    if (schema.const !== undefined) return this.define(literal(JSON.stringify(schema.const)))
    if (Array.isArray(schema.enum)) return this.#choice(schema.enum as readonly Json[])
    const options = schema.anyOf ?? schema.oneOf
    if (Array.isArray(options))
      return this.define(options.map((o: Json) => this.schema(o, depth + 1)).join(' | '))
    if (Array.isArray(schema.allOf)) return this.#merged(schema, schema.allOf, depth)
    return this.#typed(schema, depth)
  }

  #choice(values: readonly Json[]): string {
    if (values.length === 0) throw unusable('an "enum" is empty.')
    return this.define(values.map((v) => literal(JSON.stringify(v))).join(' | '))
  }

  #reference(ref: string, depth: number): string {
    const known = this.#references.get(ref)
    if (known !== undefined) return known
    if (!ref.startsWith('#')) throw unusable(`"$ref" to "${ref}" leads out of it.`)
    const name = this.define('')
    this.#references.set(ref, name)
    let target: Json | undefined = this.#root
    for (const step of ref.slice(1).split('/').filter(Boolean))
      target = isJsonObject(target) ? target[decodeURIComponent(step)] : undefined
    if (target === undefined) throw unusable(`"$ref" to "${ref}" leads nowhere.`)
    this.rules.set(name, this.schema(target, depth + 1))
    return name
  }

  /** `allOf` of objects is one object with the members of all. */
  #merged(schema: JsonObject, parts: readonly Json[], depth: number): string {
    const { allOf: _, ...own } = schema
    let properties: JsonObject = isJsonObject(own.properties) ? own.properties : {}
    let required: readonly Json[] = Array.isArray(own.required) ? own.required : []
    let merged: JsonObject = own
    for (const part of parts) {
      if (!isJsonObject(part) || part.$ref !== undefined) this.ignored.add('allOf')
      if (!isJsonObject(part)) continue
      if (isJsonObject(part.properties)) properties = { ...properties, ...part.properties }
      if (Array.isArray(part.required)) required = [...required, ...part.required]
      merged = { ...part, ...merged }
    }
    return this.schema({ ...merged, properties, required }, depth + 1)
  }

  #typed(schema: JsonObject, depth: number): string {
    const { type } = schema
    const types: readonly Json[] = Array.isArray(type) ? type : [type ?? inferType(schema)]
    const names = types.map((t) => this.#oneType(t, schema, depth))
    if (schema.nullable === true && !types.includes('null')) names.push('null')
    return names.length === 1 && names[0] !== undefined
      ? names[0]
      : this.define([...new Set(names)].join(' | '))
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
    if (max !== undefined && max < min) throw unusable(`"${minKey}" is above "${maxKey}".`)
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
    if (format !== undefined) return this.define(format)
    if (schema.format !== undefined) this.ignored.add('format')
    const { min, max } = this.#bounds(schema, 'minLength', 'maxLength')
    if (min === 0 && max === undefined) return 'string'
    return this.define(`"\\"" ${repeat('char', min, max)} "\\""`)
  }

  #array(schema: JsonObject, depth: number): string {
    const { min, max } = this.#bounds(schema, 'minItems', 'maxItems')
    const prefix = Array.isArray(schema.prefixItems) ? (schema.prefixItems as readonly Json[]) : []
    if (prefix.length > 0) {
      const items = prefix.map((item) => this.schema(item, depth + 1))
      return this.define(`"[" ${items.join(' "," ws ')} "]"`)
    }
    const item = this.schema(schema.items ?? true, depth + 1)
    if (max === 0) return this.define('"[]"')
    const more = repeat(this.define(`"," ws ${item}`), Math.max(0, min - 1), max && max - 1)
    const some = `${item} ${more}`
    return this.define(min === 0 ? `"[" (${some})? "]"` : `"[" ${some} "]"`)
  }

  #object(schema: JsonObject, depth: number): string {
    const properties = isJsonObject(schema.properties) ? Object.entries(schema.properties) : []
    const extra = schema.additionalProperties
    if (properties.length === 0 && extra !== false && (extra === undefined || extra === true))
      return 'object'
    const required = new Set<Json>(Array.isArray(schema.required) ? schema.required : [])
    const isOpen = extra === true || isJsonObject(extra)
    const other = isOpen ? this.define(`string ":" ws ${this.schema(extra, depth + 1)}`) : undefined
    // From the last member to the first: what may follow when nothing was written yet, and when
    // something was, differ by the comma.
    let first = other === undefined ? '""' : `(${other} ("," ws ${other})*)?`
    let later = other === undefined ? '""' : `("," ws ${other})*`
    for (const [key, value] of properties.reverse()) {
      const member = this.define(
        `${literal(JSON.stringify(key))} ":" ws ${this.schema(value, depth + 1)}`,
      )
      const rest = this.define(later)
      const skipFirst = required.has(key) ? '' : ` | ${this.define(first)}`
      const skipLater = required.has(key) ? '' : ` | ${rest}`
      first = `${member} ${rest}${skipFirst}`
      later = `"," ws ${member} ${rest}${skipLater}`
    }
    return this.define(`"{" ${this.define(first)} "}"`)
  }
}

function inferType(schema: JsonObject): Json {
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) return 'object'
  if (schema.items !== undefined || schema.prefixItems !== undefined) return 'array'
  if (schema.minLength !== undefined || schema.maxLength !== undefined) return 'string'
  return 'any'
}

/** Only the rules that are reached from the root: llama.cpp reads no faster for the others. */
function reachable(root: string, rules: ReadonlyMap<string, string>): Map<string, string> {
  const reached = new Map<string, string>()
  const visit = (name: string) => {
    const body = rules.get(name)
    if (body === undefined || reached.has(name)) return
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
  { isShort }: GrammarOptions = { isShort: false },
): SchemaGrammar {
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
