import type { Json, JsonObject } from '../../kernel/index.ts'
import { parseSampling, type Sampling } from './parse-sampling.ts'
import {
  readBoolean,
  readModelName,
  readNumber,
  readObject,
  refuseParam,
  refuseUnsupported,
} from './read-fields.ts'

/** Text, or the tokens themselves. */
export type Prompt = string | readonly number[]

/** A text completion, understood. */
export interface CompletionRequest {
  readonly model: string
  /** One choice of the answer for each. */
  readonly prompts: readonly Prompt[]
  readonly sampling: Sampling
  readonly isStream: boolean
  readonly hasStreamUsage: boolean
  /** Whether the answer begins with the prompt. */
  readonly isEchoed: boolean
  /** How many alternatives to show with each token; null: no logprobs. */
  readonly topLogprobs: number | null
}

export interface EmbeddingRequest {
  readonly model: string
  readonly inputs: readonly Prompt[]
  readonly format: 'float' | 'base64'
  /** Numbers of a vector that the caller expects; undefined: whatever the model has. */
  readonly dimensions: number | undefined
}

const MAX_COMPLETION_PROMPTS = 16
const MAX_EMBEDDING_INPUTS = 2_048
const MAX_LOGPROBS = 5

const isTokens = (value: Json): value is readonly number[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  (value as readonly Json[]).every((t) => Number.isInteger(t) && (t as number) >= 0)

/** A string, strings, tokens, or arrays of tokens, as a list of prompts. */
function readPrompts(value: Json | undefined, param: string, maxCount: number): readonly Prompt[] {
  const wrong = refuseParam(
    param,
    `"${param}" must be a string, up to ${maxCount} strings, or arrays of tokens, none of them empty.`,
  )
  if (value === undefined) throw wrong
  const isOne = typeof value === 'string' || isTokens(value)
  const list: readonly Json[] = isOne ? [value] : Array.isArray(value) ? value : []
  if (list.length === 0 || list.length > maxCount) throw wrong
  return list.map((item) => {
    if (typeof item === 'string' || isTokens(item)) return item
    throw wrong
  })
}

/** A completion request, checked. Errors: engine_request_invalid with the parameter's name. */
export function parseCompletion(body: JsonObject): CompletionRequest {
  refuseUnsupported(body, {
    suffix: 'This engine does not fill in the middle: leave "suffix" out.',
  })
  if ((readNumber(body, 'best_of', { min: 1, max: 20, isInteger: true }) ?? 1) > 1)
    throw refuseParam(
      'best_of',
      'This engine gives one answer for each prompt: leave "best_of" out.',
    )
  const topLogprobs = readNumber(body, 'logprobs', { min: 0, max: MAX_LOGPROBS, isInteger: true })
  const isEchoed = readBoolean(body, 'echo')
  if (isEchoed && topLogprobs !== undefined)
    throw refuseParam('echo', '"echo" and "logprobs" together are not supported.')
  return {
    model: readModelName(body),
    prompts: readPrompts(body.prompt, 'prompt', MAX_COMPLETION_PROMPTS),
    sampling: parseSampling(body),
    isStream: readBoolean(body, 'stream'),
    hasStreamUsage: readBoolean(readObject(body, 'stream_options') ?? {}, 'include_usage'),
    isEchoed,
    topLogprobs: topLogprobs ?? null,
  }
}

/** An embedding request, checked. Errors: engine_request_invalid with the parameter's name. */
export function parseEmbedding(body: JsonObject): EmbeddingRequest {
  const format = body.encoding_format ?? 'float'
  if (format !== 'float' && format !== 'base64')
    throw refuseParam('encoding_format', '"encoding_format" must be "float" or "base64".')
  const inputs = readPrompts(body.input, 'input', MAX_EMBEDDING_INPUTS)
  if (inputs.includes('')) throw refuseParam('input', '"input" must not be empty.')
  return {
    model: readModelName(body),
    inputs,
    format,
    dimensions: readNumber(body, 'dimensions', { min: 1, max: 1_000_000, isInteger: true }),
  }
}
