import { createHash, randomUUID } from 'node:crypto'
import { isJsonObject, type Json, type JsonObject } from '../../src/kernel/index.ts'

export type ScriptedOperation = 'chat' | 'completions' | 'embeddings'

/** One call as the scripted upstream understands it. */
export interface Call {
  readonly operation: ScriptedOperation
  readonly json: JsonObject
  readonly isStream: boolean
  /** Whether `stream_options.include_usage` was asked. */
  readonly wantsUsage: boolean
  /** Answers of one request, `n` of the body. */
  readonly choiceCount: number
  readonly id: string
  readonly pieces: readonly string[]
  readonly usage: JsonObject
}

const SENTENCE = [
  'Hello',
  ' from',
  ' the',
  ' scripted',
  ' upstream',
  ':',
  ' 你好',
  ' 🙂',
  ' é',
  '.',
]

/** As many as OpenAI gives. */
const MOST_CHOICES = 128

/** Reads a call. `pieceCount` is how many pieces of text the answer has, each one token. */
export function readCall(operation: ScriptedOperation, json: JsonObject, pieceCount: number): Call {
  const limit = numberOf(json.max_tokens) ?? numberOf(json.max_completion_tokens) ?? pieceCount
  const count = Math.min(pieceCount, limit)
  const choiceCount = Math.min(numberOf(json.n) ?? 1, MOST_CHOICES)
  const promptTokens = countWords(json.messages ?? json.prompt ?? json.input ?? '')
  const completionTokens = operation === 'embeddings' ? 0 : count * choiceCount
  const options = json.stream_options
  return {
    operation,
    json,
    isStream: json.stream === true && operation !== 'embeddings',
    wantsUsage: isJsonObject(options) && options.include_usage === true,
    choiceCount,
    id: `${operation === 'chat' ? 'chatcmpl' : 'cmpl'}-${randomUUID()}`,
    pieces: Array.from({ length: count }, (_, i) => SENTENCE[i % SENTENCE.length] ?? ''),
    usage:
      operation === 'embeddings'
        ? { prompt_tokens: promptTokens, total_tokens: promptTokens }
        : {
            prompt_tokens: promptTokens,
            completion_tokens: completionTokens,
            total_tokens: promptTokens + completionTokens,
          },
  }
}

/** The whole answer of a call that is not streamed. */
export function wholeAnswer(call: Call): JsonObject {
  if (call.operation === 'embeddings') return embeddingAnswer(call)
  const text = call.pieces.join('')
  const choices = range(call.choiceCount).map((index) =>
    call.operation === 'chat'
      ? {
          index,
          message: { role: 'assistant', content: text, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        }
      : { index, text, logprobs: null, finish_reason: 'stop' },
  )
  return { ...envelope(call, ''), choices, usage: call.usage }
}

/** The pieces of a streamed answer in order, without usage: role, text, finish reason. */
export function streamedAnswer(call: Call): JsonObject[] {
  const chunks: JsonObject[] = []
  for (const index of range(call.choiceCount)) {
    if (call.operation === 'chat') {
      chunks.push(chunkOf(call, { index, delta: { role: 'assistant', content: '' } }))
    }
  }
  for (const piece of call.pieces) {
    for (const index of range(call.choiceCount)) chunks.push(pieceChunk(call, index, piece))
  }
  for (const index of range(call.choiceCount)) chunks.push(finishChunk(call, index, 'stop'))
  return chunks
}

export function pieceChunk(call: Call, index: number, piece: string): JsonObject {
  return chunkOf(
    call,
    call.operation === 'chat' ? { index, delta: { content: piece } } : { index, text: piece },
  )
}

export function finishChunk(call: Call, index: number, reason: string): JsonObject {
  const rest = call.operation === 'chat' ? { delta: {} } : { text: '' }
  return { ...envelope(call, '.chunk'), choices: [{ index, ...rest, finish_reason: reason }] }
}

export function chunkOf(call: Call, choice: JsonObject): JsonObject {
  return { ...envelope(call, '.chunk'), choices: [{ finish_reason: null, ...choice }] }
}

/** The chunk that OpenAI sends last when usage was asked for. */
export function usageChunk(call: Call, usage: Json = call.usage): JsonObject {
  return { ...envelope(call, '.chunk'), choices: [], usage }
}

function envelope(call: Call, suffix: '' | '.chunk'): JsonObject {
  const object = call.operation === 'chat' ? `chat.completion${suffix}` : 'text_completion'
  return {
    id: call.id,
    object,
    created: 1_764_000_000,
    model: String(call.json.model ?? ''),
    system_fingerprint: 'fp_scripted',
  }
}

function embeddingAnswer(call: Call): JsonObject {
  const input = call.json.input ?? ''
  const texts = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input]
  const isBase64 = call.json.encoding_format === 'base64'
  const data = texts.map((text, index) => {
    const vector = vectorOf(JSON.stringify(text))
    return { object: 'embedding', index, embedding: isBase64 ? base64Of(vector) : [...vector] }
  })
  return { object: 'list', data, model: String(call.json.model ?? ''), usage: call.usage }
}

/** Eight numbers that depend on the text alone. */
function vectorOf(text: string): Float32Array {
  const digest = createHash('sha256').update(text).digest()
  return Float32Array.from({ length: 8 }, (_, i) => (digest[i] ?? 0) / 256)
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}

function countWords(value: Json): number {
  if (typeof value === 'string') return value.split(/\s+/).filter((word) => word !== '').length
  if (Array.isArray(value)) {
    return value.reduce((sum: number, part: Json) => sum + countWords(part), 0)
  }
  if (!isJsonObject(value)) return typeof value === 'number' ? 1 : 0
  return countWords(value.content ?? value.text ?? '')
}

/** A count that a call asks for, as far as an upstream would give it. */
function numberOf(value: Json | undefined): number | null {
  if (typeof value !== 'number') return null
  return Math.trunc(Math.min(Math.max(value, 1), 100_000))
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
