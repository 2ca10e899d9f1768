// edge: runs a loaded model.
import { refuse } from '../errors.ts'
import { chooseSampling } from './choose-sampling.ts'
import { generate, type Outcome, type Piece } from './generate.ts'
import type { EvaluateOptions, Sequence, Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { Sampling } from './parse-sampling.ts'
import { checkTokensExist } from './render-prompt.ts'

/** One generation of a request: a request that must call a tool has two. */
export interface Generation {
  readonly promptTokens: readonly Token[]
  readonly stopTokens: ReadonlySet<Token>
  readonly stopStrings: readonly string[]
  /** What begins a call of a tool; absent: nothing does. */
  readonly callTokens?: ReadonlySet<Token>
  readonly callStrings?: readonly string[]
  readonly sampling: Sampling
  /** A grammar in GBNF; undefined: anything goes. */
  readonly grammar: string | undefined
  /** The parameter that holds the grammar's schema; absent: `response_format`. */
  readonly grammarParam?: string
  readonly hasProbabilities: boolean
  /** Tokens; undefined: as many as the context holds. */
  readonly maxTokens: number | undefined
}

/** A place in the line of a model, with the sequence that answers. */
export interface Place {
  readonly loaded: LoadedModel
  readonly sequence: Sequence
  readonly signal: AbortSignal
  readonly randomSeed: number
}

/** Waits in line for a place, does `work`, and gives the place back however `work` ends. */
export async function withPlace<T>(
  loaded: LoadedModel,
  options: { promptTokens: readonly Token[]; signal: AbortSignal; randomSeed: number },
  work: (place: Place) => Promise<T>,
): Promise<T> {
  if (loaded.plan.description.kind === 'embedding')
    throw refuse('engine_request_invalid', `${loaded.name} embeds texts and answers none.`, {
      param: 'model',
    })
  const release = await loaded.line.enter(options.signal)
  try {
    const sequence = loaded.takeSequence(options.promptTokens)
    try {
      const { signal, randomSeed } = options
      return await work({ loaded, sequence, signal, randomSeed })
    } finally {
      loaded.giveSequence(sequence)
    }
  } finally {
    release()
  }
}

async function grammarState(loaded: LoadedModel, grammar: string, param = 'response_format') {
  const { module, llama } = loaded.runtime
  try {
    const compiled = await llama.createGrammar({ grammar })
    return new module.LlamaGrammarEvaluationState({ model: loaded.model, grammar: compiled })
  } catch (cause) {
    throw refuse('engine_request_invalid', 'The JSON schema makes a grammar llama.cpp refuses.', {
      param,
      cause,
    })
  }
}

function tokenBias(loaded: LoadedModel, bias: ReadonlyMap<Token, number>) {
  if (bias.size === 0) return undefined
  checkTokensExist(loaded, [...bias.keys()], 'logit_bias')
  const made = loaded.runtime.module.TokenBias.for(loaded.model)
  for (const [token, logit] of bias) made.set(token, { logit })
  return made
}

/** Runs one generation. What it resolves to names the sampling that was really used. */
export async function runModel(
  place: Place,
  generation: Generation,
  show: (piece: Piece, sampling: EvaluateOptions) => void,
): Promise<Outcome> {
  const { loaded } = place
  const generated: Token[] = []
  const { grammar, grammarParam } = generation
  const state =
    grammar === undefined ? undefined : await grammarState(loaded, grammar, grammarParam)
  const sampling = chooseSampling(generation.sampling, {
    defaults: loaded.plan.samplingDefaults,
    randomSeed: place.randomSeed,
    grammarState: state,
    tokenBias: tokenBias(loaded, generation.sampling.logitBias),
    generated: () => generated,
  })
  const room = loaded.contextTokens - generation.promptTokens.length
  if (room < 1)
    throw refuse('engine_context_exceeded', 'The form of a tool call does not fit the context.', {
      param: 'tools',
    })
  return generate(
    {
      model: loaded.model,
      sequence: place.sequence,
      promptTokens: generation.promptTokens,
      sampling,
      stopTokens: generation.stopTokens,
      stopStrings: generation.stopStrings,
      callTokens: generation.callTokens ?? new Set(),
      callStrings: generation.callStrings ?? [],
      maxTokens: Math.min(room, generation.maxTokens ?? room),
      hasProbabilities: generation.hasProbabilities,
      // A known prefix changes the shape of the arithmetic and so, rarely, its last digits.
      mayReusePrefix: generation.sampling.seed === undefined,
      signal: place.signal,
      generated,
    },
    (piece) => show(piece, sampling),
  )
}
