import { isJsonObject, type Json, type JsonObject } from '../../kernel/index.ts'
import { readObject, refuseParam } from './read-fields.ts'

export interface Tool {
  readonly name: string
  readonly description: string | undefined
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject
  /** Where the schema stands in the request: `tools[0].function.parameters`. */
  readonly param: string
}

/** What form the answer must have. */
export type OutputShape =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | { readonly kind: 'schema'; readonly schema: Json }
  /** One of these tools must be called. */
  | { readonly kind: 'call'; readonly tools: readonly Tool[] }
  /** One of these tools may be called, where the model's template has a form for it. */
  | { readonly kind: 'maybe-call'; readonly tools: readonly Tool[] }

const MAX_TOOLS = 128

function readTool(tool: Json, at: string): Tool {
  const fn = isJsonObject(tool) && tool.type === 'function' ? tool.function : undefined
  if (!isJsonObject(fn) || typeof fn.name !== 'string' || !/^[\w.-]{1,128}$/.test(fn.name))
    throw refuseParam(
      at,
      `"${at}" must be a function with a name of letters, digits, _, - and dots.`,
    )
  const parameters = fn.parameters ?? { type: 'object', properties: {} }
  const param = `${at}.function.parameters`
  if (!isJsonObject(parameters)) throw refuseParam(param, `"${param}" is no schema.`)
  const description = typeof fn.description === 'string' ? fn.description : undefined
  return { name: fn.name, description, parameters, param }
}

function readTools(body: JsonObject): readonly Tool[] {
  const { tools } = body
  if (tools === undefined || tools === null) return []
  if (!Array.isArray(tools) || tools.length > MAX_TOOLS)
    throw refuseParam('tools', `"tools" must be an array of at most ${MAX_TOOLS} tools.`)
  return (tools as readonly Json[]).map((tool, i) => readTool(tool, `tools[${i}]`))
}

const choices = '"tool_choice" must be "none", "auto", "required" or name a function of "tools".'

function chosenTool(choice: Json, tools: readonly Tool[]): Tool {
  const fn = isJsonObject(choice) && choice.type === 'function' ? choice.function : undefined
  const name = isJsonObject(fn) ? fn.name : undefined
  const tool = tools.find((t) => t.name === name)
  if (tool === undefined) throw refuseParam('tool_choice', choices)
  return tool
}

/** The shape that tools ask for; undefined: they ask for none. */
function toolShape(body: JsonObject): OutputShape | undefined {
  const tools = readTools(body)
  const choice = body.tool_choice ?? 'auto'
  if (tools.length === 0) {
    if (choice !== 'auto' && choice !== 'none')
      throw refuseParam('tool_choice', '"tool_choice" needs "tools".')
    return undefined
  }
  if (choice === 'none') return undefined
  if (choice === 'auto') return { kind: 'maybe-call', tools }
  if (choice === 'required') return { kind: 'call', tools }
  return { kind: 'call', tools: [chosenTool(choice, tools)] }
}

function responseFormat(body: JsonObject): OutputShape {
  const format = readObject(body, 'response_format')
  if (format === undefined || format.type === 'text') return { kind: 'text' }
  if (format.type === 'json_object') return { kind: 'json' }
  const wrapper = format.type === 'json_schema' ? format.json_schema : undefined
  const schema = isJsonObject(wrapper) ? wrapper.schema : undefined
  if (schema === undefined || !(isJsonObject(schema) || typeof schema === 'boolean'))
    throw refuseParam(
      'response_format',
      '"response_format" must be of type text, json_object, or json_schema with "json_schema.schema".',
    )
  return { kind: 'schema', schema }
}

/** What `tools`, `tool_choice` and `response_format` ask for together. */
export function parseOutputShape(body: JsonObject): OutputShape {
  const format = responseFormat(body)
  const tools = toolShape(body)
  if (tools === undefined || (tools.kind === 'maybe-call' && format.kind !== 'text')) return format
  return tools
}
