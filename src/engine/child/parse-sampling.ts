import type { JsonObject } from '../../kernel/index.ts'
import { readNumber, readObject, readStops, refuseParam } from './read-fields.ts'

/** How tokens are chosen. `undefined` means: as the model file says, else as OpenAI does. */
export interface Sampling {
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly topK: number | undefined
  readonly minP: number | undefined
  readonly seed: number | undefined
  readonly frequencyPenalty: number
  readonly presencePenalty: number
  /** Token → added to its logit. */
  readonly logitBias: ReadonlyMap<number, number>
  readonly stops: readonly string[]
  /** Tokens; undefined: as many as fit. */
  readonly maxTokens: number | undefined
}

const MAX_TOKENS = 1_000_000_000
const MAX_BIASES = 1_024

function readLogitBias(body: JsonObject): ReadonlyMap<number, number> {
  const bias = new Map<number, number>()
  for (const [token, value] of Object.entries(readObject(body, 'logit_bias') ?? {})) {
    if (!/^\d{1,9}$/.test(token) || typeof value !== 'number' || Math.abs(value) > 100)
      throw refuseParam('logit_bias', '"logit_bias" maps token ids to numbers from -100 to 100.')
    bias.set(Number(token), value)
  }
  if (bias.size > MAX_BIASES)
    throw refuseParam('logit_bias', `"logit_bias" takes at most ${MAX_BIASES} tokens.`)
  return bias
}

/** The sampling parameters of a chat or completion request. Errors: engine_request_invalid. */
export function parseSampling(body: JsonObject): Sampling {
  if ((readNumber(body, 'n', { min: 1, max: 128, isInteger: true }) ?? 1) > 1)
    throw refuseParam('n', 'This engine gives one answer for each request: leave "n" out.')
  const tokens = { min: 1, max: MAX_TOKENS, isInteger: true }
  return {
    temperature: readNumber(body, 'temperature', { min: 0, max: 2 }),
    topP: readNumber(body, 'top_p', { min: 0, max: 1 }),
    topK: readNumber(body, 'top_k', { min: 0, max: MAX_TOKENS, isInteger: true }),
    minP: readNumber(body, 'min_p', { min: 0, max: 1 }),
    seed: readNumber(body, 'seed', {
      min: Number.MIN_SAFE_INTEGER,
      max: Number.MAX_SAFE_INTEGER,
      isInteger: true,
    }),
    frequencyPenalty: readNumber(body, 'frequency_penalty', { min: -2, max: 2 }) ?? 0,
    presencePenalty: readNumber(body, 'presence_penalty', { min: -2, max: 2 }) ?? 0,
    logitBias: readLogitBias(body),
    stops: readStops(body),
    maxTokens:
      readNumber(body, 'max_completion_tokens', tokens) ?? readNumber(body, 'max_tokens', tokens),
  }
}
