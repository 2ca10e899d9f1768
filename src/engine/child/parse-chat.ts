import { isJsonObject, type Json, type JsonObject, parseJson } from '../../kernel/index.ts'
import type { FunctionCallItem, HistoryItem } from './llama-api.ts'
import { type OutputShape, parseOutputShape } from './parse-output-shape.ts'
import { parseSampling, type Sampling } from './parse-sampling.ts'
import {
  readBoolean,
  readModelName,
  readNumber,
  readObject,
  refuseParam,
  refuseUnsupported,
} from './read-fields.ts'

/** A chat completion, understood. */
export interface ChatRequest {
  readonly model: string
  readonly history: readonly HistoryItem[]
  readonly sampling: Sampling
  readonly shape: OutputShape
  readonly isStream: boolean
  readonly hasStreamUsage: boolean
  /** How many alternatives to show with each token; null: no logprobs. */
  readonly topLogprobs: number | null
}

const unsupported = {
  functions: '"functions" is the old form: send "tools".',
  function_call: '"function_call" is the old form: send "tool_choice".',
  audio: 'This engine answers in text only: leave "audio" out.',
}

/** Text of a message: a string, or an array of text parts. Other parts are refused by name. */
function readContent(content: Json | undefined, at: string): string {
  if (typeof content === 'string') return content
  if (content === undefined || content === null) return ''
  if (!Array.isArray(content))
    throw refuseParam(at, `"${at}.content" must be a string or an array of parts.`)
  return (content as readonly Json[]).map((part) => readPart(part, at)).join('')
}

function readPart(part: Json, at: string): string {
  if (!isJsonObject(part)) throw refuseParam(at, `A part of "${at}.content" is not an object.`)
  if (part.type === 'text' && typeof part.text === 'string') return part.text
  if (part.type === 'refusal' && typeof part.refusal === 'string') return part.refusal
  throw refuseParam(
    at,
    `This engine reads text only: "${at}.content" has a part of type "${String(part.type)}".`,
  )
}

function readToolCalls(message: JsonObject, at: string): Map<string, FunctionCallItem> {
  const calls = new Map<string, FunctionCallItem>()
  const list = message.tool_calls
  if (list === undefined || list === null) return calls
  if (!Array.isArray(list)) throw refuseParam(at, `"${at}.tool_calls" must be an array.`)
  for (const call of list as readonly Json[]) {
    const fn = isJsonObject(call) ? call.function : undefined
    if (!isJsonObject(call) || typeof call.id !== 'string' || !isJsonObject(fn))
      throw refuseParam(at, `A call of "${at}.tool_calls" lacks its id or function.`)
    const args = typeof fn.arguments === 'string' ? parseJson(fn.arguments) : undefined
    if (typeof fn.name !== 'string' || args === undefined)
      throw refuseParam(at, `A call of "${at}.tool_calls" lacks its name or JSON arguments.`)
    calls.set(call.id, { type: 'functionCall', name: fn.name, params: args, result: undefined })
  }
  return calls
}

/** Builds the history item by item; tool results join the calls they answer. */
function openHistory() {
  const items: HistoryItem[] = []
  let openCalls = new Map<string, FunctionCallItem>()
  let openTexts: string[] = []
  const closeAssistant = () => {
    if (openTexts.length > 0 || openCalls.size > 0)
      items.push({ type: 'model', response: [...openTexts, ...openCalls.values()] })
    openTexts = []
    openCalls = new Map()
  }
  return {
    say(type: 'system' | 'user', text: string) {
      closeAssistant()
      items.push({ type, text })
    },
    answer(message: JsonObject, at: string) {
      closeAssistant()
      openTexts = [readContent(message.content, at)]
      openCalls = readToolCalls(message, at)
    },
    result(message: JsonObject, at: string) {
      const id = message.tool_call_id
      const call = typeof id === 'string' ? openCalls.get(id) : undefined
      if (typeof id !== 'string' || call === undefined)
        throw refuseParam(at, `"${at}" answers no tool call of the message before it.`)
      const text = readContent(message.content, at)
      openCalls.set(id, { ...call, result: parseJson(text) ?? text })
    },
    end() {
      closeAssistant()
      return items
    },
  }
}

function readMessages(body: JsonObject): readonly HistoryItem[] {
  const { messages } = body
  if (!Array.isArray(messages) || messages.length === 0)
    throw refuseParam('messages', '"messages" must be an array with at least one message.')
  const history = openHistory()
  for (const [index, message] of (messages as readonly Json[]).entries()) {
    const at = `messages[${index}]`
    if (!isJsonObject(message)) throw refuseParam(at, `"${at}" must be an object.`)
    const { role } = message
    if (role === 'system' || role === 'developer')
      history.say('system', readContent(message.content, at))
    else if (role === 'user') history.say('user', readContent(message.content, at))
    else if (role === 'assistant') history.answer(message, at)
    else if (role === 'tool') history.result(message, at)
    else
      throw refuseParam(
        `${at}.role`,
        `"${at}.role" must be system, developer, user, assistant or tool.`,
      )
  }
  return history.end()
}

const MAX_TOP_LOGPROBS = 20

/** A chat completion request, checked. Errors: engine_request_invalid with the parameter's name. */
export function parseChat(body: JsonObject): ChatRequest {
  refuseUnsupported(body, unsupported)
  const hasLogprobs = readBoolean(body, 'logprobs')
  const top = readNumber(body, 'top_logprobs', { min: 0, max: MAX_TOP_LOGPROBS, isInteger: true })
  if (top !== undefined && !hasLogprobs)
    throw refuseParam('top_logprobs', '"top_logprobs" needs "logprobs": true.')
  return {
    model: readModelName(body),
    history: readMessages(body),
    sampling: parseSampling(body),
    shape: parseOutputShape(body),
    isStream: readBoolean(body, 'stream'),
    hasStreamUsage: readBoolean(readObject(body, 'stream_options') ?? {}, 'include_usage'),
    topLogprobs: hasLogprobs ? (top ?? 0) : null,
  }
}
