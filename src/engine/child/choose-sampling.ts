import type { GgufValue } from '../gguf/parse-gguf.ts'
import type { EvaluateOptions, GrammarState, Token, TokenBias } from './llama-api.ts'
import type { Sampling } from './parse-sampling.ts'

/** What a model file recommends; undefined: nothing. */
export interface SamplingDefaults {
  readonly temperature: number | undefined
  readonly topP: number | undefined
  readonly topK: number | undefined
  readonly minP: number | undefined
}

/** The recommendations in a GGUF header (`general.sampling.*`). */
export function readSamplingDefaults(metadata: ReadonlyMap<string, GgufValue>): SamplingDefaults {
  const read = (key: string) => {
    const value = metadata.get(`general.sampling.${key}`)
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
  }
  return {
    temperature: read('temp'),
    topP: read('top_p'),
    topK: read('top_k'),
    minP: read('min_p'),
  }
}

/** llama.cpp reads the largest 32-bit number as "choose a seed yourself". */
const SEED_COUNT = 0xffff_ffff
const PENALTY_TOKENS = 1_024

export const toSeed = (seed: number): number =>
  ((Math.trunc(seed) % SEED_COUNT) + SEED_COUNT) % SEED_COUNT

export interface SamplingContext {
  readonly defaults: SamplingDefaults
  /** Where the request names no seed. */
  readonly randomSeed: number
  readonly grammarState: GrammarState | undefined
  readonly tokenBias: TokenBias | undefined
  /** Tokens generated so far, for the penalties. */
  readonly generated: () => readonly Token[]
}

/** Sampling for llama.cpp: the request's, else the model file's, else OpenAI's defaults. */
export function chooseSampling(sampling: Sampling, context: SamplingContext): EvaluateOptions {
  const { defaults } = context
  const hasPenalty = sampling.frequencyPenalty !== 0 || sampling.presencePenalty !== 0
  return {
    temperature: sampling.temperature ?? defaults.temperature ?? 1,
    topP: sampling.topP ?? defaults.topP ?? 1,
    topK: sampling.topK ?? defaults.topK ?? 0,
    minP: sampling.minP ?? defaults.minP ?? 0,
    seed: toSeed(sampling.seed ?? context.randomSeed),
    yieldEogToken: true,
    ...(context.grammarState && { grammarEvaluationState: context.grammarState }),
    ...(context.tokenBias && { tokenBias: context.tokenBias }),
    ...(hasPenalty && {
      repeatPenalty: {
        punishTokens: () => context.generated().slice(-PENALTY_TOKENS),
        maxPunishTokens: PENALTY_TOKENS,
        penalty: 1,
        frequencyPenalty: sampling.frequencyPenalty,
        presencePenalty: sampling.presencePenalty,
      },
    }),
  }
}
