import type { EvaluatedToken, Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'

export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes: readonly number[] | null
}
export interface ContentLogprob extends TokenLogprob {
  readonly top_logprobs: readonly TokenLogprob[]
}

/** What JSON has for minus infinity: OpenAI's own value for "out of reach". */
const LEAST_LOGPROB = -9999

/**
 * Log probabilities before temperature. llama.cpp gives the probabilities p after it; where
 * p ∝ exp(logit / t), the logits are t·ln p up to a constant, which the sum over all takes away.
 */
export function undoTemperature(
  probabilities: ReadonlyMap<Token, number>,
  temperature: number,
): ReadonlyMap<Token, number> {
  const scale = temperature > 0 ? temperature : 1
  let sum = 0
  for (const p of probabilities.values()) if (p > 0) sum += p ** scale
  const logSum = Math.log(sum)
  const out = new Map<Token, number>()
  for (const [token, p] of probabilities)
    out.set(token, p > 0 ? Math.max(LEAST_LOGPROB, scale * Math.log(p) - logSum) : LEAST_LOGPROB)
  return out
}

function describeToken(loaded: LoadedModel, token: Token, logprob: number): TokenLogprob {
  const raw = loaded.tokenBytes(token)
  const text = loaded.model.detokenize([token], true)
  const isWhole = !text.includes('\uFFFD')
  return { token: text, logprob, bytes: raw ? [...raw] : isWhole ? [...Buffer.from(text)] : null }
}

export interface LogprobOptions {
  /** How many alternatives to name. */
  readonly topCount: number
  readonly temperature: number
}

/** One entry of `logprobs.content` for a generated token. */
export function describeLogprob(
  loaded: LoadedModel,
  evaluated: EvaluatedToken,
  options: LogprobOptions,
): ContentLogprob {
  const logprobs = undoTemperature(evaluated.probabilities ?? new Map(), options.temperature)
  const top: TokenLogprob[] = []
  for (const [token, logprob] of logprobs) {
    if (top.length >= options.topCount) break
    top.push(describeToken(loaded, token, logprob))
  }
  const own = logprobs.get(evaluated.token) ?? LEAST_LOGPROB
  return { ...describeToken(loaded, evaluated.token, own), top_logprobs: top }
}
