// edge: drives llama.cpp token by token and watches the clock.
import { assembleText } from './assemble-text.ts'
import type { EvaluatedToken, EvaluateOptions, Model, Sequence, Token } from './llama-api.ts'
import { matchStops } from './match-stops.ts'

/** One run of a model over a prompt. */
export interface Run {
  readonly model: Model
  readonly sequence: Sequence
  readonly promptTokens: readonly Token[]
  readonly sampling: EvaluateOptions
  /** Tokens that end the answer besides the model's own end tokens. */
  readonly stopTokens: ReadonlySet<Token>
  readonly stopStrings: readonly string[]
  /** By these the model begins a call of a tool, which ends its text. */
  readonly callTokens: ReadonlySet<Token>
  readonly callStrings: readonly string[]
  readonly maxTokens: number
  /** Whether probabilities are wanted with every token. */
  readonly hasProbabilities: boolean
  /** Whether what the sequence already knows of the prompt may be reused. */
  readonly mayReusePrefix: boolean
  readonly signal: AbortSignal
  /** Grows with every token that does not end the answer. */
  readonly generated: Token[]
}

/** Text that can be shown, with the tokens that made it. */
export interface Piece {
  readonly text: string
  readonly tokens: readonly EvaluatedToken[]
}

export interface Outcome {
  /**
   * Why it ended. `stop`: end token or stop string; `length`: no room or no tokens left;
   * `call`: the model began to call a tool.
   */
  readonly finish: 'stop' | 'length' | 'call'
  /** Every token the model produced, the end token included. */
  readonly completionTokens: number
  /** Prompt tokens that were known from an earlier request. */
  readonly cachedTokens: number
}

/**
 * A slice of the prompt should take about this long, so that an abort is noticed soon. Measured:
 * slices of 8 tokens read as fast as slices of 64, within a fifth; fast models get larger ones.
 */
const SLICE_MS = 30
const MIN_SLICE_TOKENS = 8
const MAX_SLICE_TOKENS = 512
const FIRST_SLICE_TOKENS = 8

/** Makes the sequence hold as much of the prompt as it knows; answers how many tokens that is. */
async function reusePrefix(run: Run): Promise<number> {
  const { sequence, promptTokens } = run
  const known = run.mayReusePrefix
    ? sequence.compareContextTokens([...promptTokens]).firstDifferentIndex
    : 0
  const kept = Math.min(known, promptTokens.length - 1) // the last token must be evaluated anew
  if (kept <= 0) {
    await sequence.clearHistory()
    return 0
  }
  if (kept < sequence.nextTokenIndex)
    await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }])
  return sequence.nextTokenIndex
}

/** Reads all of the prompt but its last slice, in slices, looking for an abort between them. */
async function readPrompt(run: Run, from: number): Promise<number> {
  let at = from
  let slice = FIRST_SLICE_TOKENS
  while (run.promptTokens.length - at > slice) {
    run.signal.throwIfAborted()
    const startedMs = performance.now()
    await run.sequence.evaluateWithoutGeneratingNewTokens(run.promptTokens.slice(at, at + slice))
    at += slice
    const tookMs = Math.max(0.1, performance.now() - startedMs)
    const fitting = Math.round((slice * SLICE_MS) / tookMs)
    slice = Math.min(MAX_SLICE_TOKENS, slice * 2, Math.max(MIN_SLICE_TOKENS, fitting))
  }
  run.signal.throwIfAborted()
  return at
}

/**
 * Generates and shows each piece as soon as it is certain. Rejects with the signal's reason when
 * the caller goes away: between two tokens, or between two slices of the prompt.
 */
export async function generate(run: Run, show: (piece: Piece) => void): Promise<Outcome> {
  const cachedTokens = await reusePrefix(run)
  const at = await readPrompt(run, cachedTokens)
  const assembler = assembleText((tokens, before) => run.model.detokenize(tokens, false, before))
  const matcher = matchStops([...run.stopStrings, ...run.callStrings])
  const finishOf = (stop: string | null) =>
    stop !== null && run.callStrings.includes(stop) ? 'call' : 'stop'
  let held: EvaluatedToken[] = []
  let completionTokens = 0
  const flush = (text: string) => {
    if (text === '') return
    show({ text, tokens: held })
    held = []
  }
  /** Shows the last of the text and tells how it ended. */
  const end = (finish: Outcome['finish']): Outcome => {
    const rest = matcher.push(assembler.end())
    flush(rest.text + matcher.end())
    return { finish: rest.isStopped ? finishOf(rest.stop) : finish, completionTokens, cachedTokens }
  }
  const metadata = run.hasProbabilities ? ({ probabilities: true } as const) : {}
  const prompt = run.promptTokens.slice(at)
  for await (const evaluated of run.sequence.evaluateWithMetadata(prompt, metadata, run.sampling)) {
    run.signal.throwIfAborted()
    completionTokens++
    const { token } = evaluated
    if (run.callTokens.has(token)) return end('call')
    if (run.model.isEogToken(token) || run.stopTokens.has(token)) return end('stop')
    run.generated.push(token)
    held.push(evaluated)
    const { text, isStopped, stop } = matcher.push(assembler.push(token))
    flush(text)
    if (isStopped) return { finish: finishOf(stop), completionTokens, cachedTokens }
    if (completionTokens >= run.maxTokens) break
  }
  return end('length')
}
