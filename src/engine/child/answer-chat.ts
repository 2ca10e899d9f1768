// edge: makes llama.cpp answer a chat.
import type { Json } from '../../kernel/index.ts'
import { answerCall, type CallJob } from './answer-call.ts'
import type { ChatWriter, Usage } from './chat-writer.ts'
import { describeLogprob } from './describe-logprobs.ts'
import type { Outcome, Piece } from './generate.ts'
import type { EvaluateOptions } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { ChatRequest } from './parse-chat.ts'
import type { OutputShape, Tool } from './parse-output-shape.ts'
import { readReasoning } from './reasoning-marks.ts'
import { type RenderedPrompt, renderChat } from './render-prompt.ts'
import { type Generation, type Place, runModel, withPlace } from './run-model.ts'
import { type GrammarOptions, schemaGrammar } from './schema-grammar.ts'
import { type ReasoningMarks, splitReasoning } from './split-reasoning.ts'
import { hasToolForm, readToolForm } from './tool-form.ts'

export interface AnswerOptions {
  readonly signal: AbortSignal
  readonly randomSeed: number
  readonly newCallId: () => string
}

/** A chat request on its way to its model. */
interface Job {
  readonly request: ChatRequest
  readonly prompt: RenderedPrompt
  readonly writer: ChatWriter
  readonly newCallId: () => string
}

/** A context this small is soon full: what a schema leaves open is kept short. */
const SMALL_CONTEXT_TOKENS = 2_048
const grammarOptions = (loaded: LoadedModel): GrammarOptions => ({
  isShort: loaded.contextTokens <= SMALL_CONTEXT_TOKENS,
})

/** The schema of an answer that must be JSON; undefined: any text will do. */
function schemaOf(shape: OutputShape): Json | undefined {
  if (shape.kind === 'json') return { type: 'object' }
  return shape.kind === 'schema' ? shape.schema : undefined
}

/** Tools that the model may read of: only where its template has a form for them. */
function documentedTools(loaded: LoadedModel, shape: OutputShape): readonly Tool[] {
  const hasTools = shape.kind === 'call' || shape.kind === 'maybe-call'
  return hasTools && hasToolForm(loaded.wrapper) ? shape.tools : []
}

function ignoredKeywords(shape: OutputShape): readonly string[] {
  const schema = schemaOf(shape)
  if (schema !== undefined) return schemaGrammar(schema).ignoredKeywords
  if (shape.kind !== 'call' && shape.kind !== 'maybe-call') return []
  const ignoredOf = ({ parameters, param }: Tool) =>
    schemaGrammar(parameters, { isShort: false, param }).ignoredKeywords
  return [...new Set(shape.tools.flatMap(ignoredOf))]
}

/** Headers that say which wishes had no effect. Also refuses schemas that cannot be used. */
function headersOf(loaded: LoadedModel, shape: OutputShape): Record<string, string> {
  const isIgnored = shape.kind === 'maybe-call' && !hasToolForm(loaded.wrapper)
  if (isIgnored) return { 'x-baimo-tools': 'ignored-no-template' }
  const ignored = ignoredKeywords(shape)
  if (ignored.length === 0) return {}
  return { 'x-baimo-schema': `ignored ${ignored.join(',')}`.replaceAll(/[^\w $,.-]/g, '_') }
}

const usageOf = (promptTokens: number, outcomes: readonly Outcome[]): Usage => ({
  promptTokens,
  completionTokens: outcomes.reduce((sum, o) => sum + o.completionTokens, 0),
  cachedTokens: Math.min(promptTokens, outcomes[0]?.cachedTokens ?? 0),
})

const generationOf = ({ request, prompt }: Job): Generation => ({
  promptTokens: prompt.tokens,
  stopTokens: prompt.stopTokens,
  stopStrings: [...prompt.stopStrings, ...request.sampling.stops],
  sampling: request.sampling,
  grammar: undefined,
  hasProbabilities: request.topLogprobs !== null,
  maxTokens: request.sampling.maxTokens,
})

/** Shows pieces of text, thoughts apart. `end` shows what was held back, answers all the text. */
function openShow(loaded: LoadedModel, { request, writer }: Job, marks: ReasoningMarks | null) {
  const { topLogprobs } = request
  const splitter = splitReasoning(marks)
  let said = ''
  const write = (split: { reasoning: string; content: string }, logprobs: Logprobs) => {
    if (split.reasoning !== '') writer.reasoning(split.reasoning, logprobs)
    if (split.content === '') return
    writer.text(split.content, split.reasoning === '' ? logprobs : null)
  }
  type Logprobs = ReturnType<typeof describeLogprob>[] | null
  return {
    show(piece: Piece, sampling: EvaluateOptions) {
      said += piece.text
      const options = { topCount: topLogprobs ?? 0, temperature: sampling.temperature }
      const logprobs =
        topLogprobs === null ? null : piece.tokens.map((t) => describeLogprob(loaded, t, options))
      write(splitter.push(piece.text), logprobs)
    },
    end(): string {
      write(splitter.end(), null)
      return said
    },
  }
}

const callJob = (
  place: Place,
  job: Job,
  generation: Generation,
  tools: readonly Tool[],
): CallJob => ({
  tools,
  generation: { ...generation, stopStrings: [], hasProbabilities: false },
  grammarOptions: grammarOptions(place.loaded),
  newCallId: job.newCallId,
})

/** Text that may turn into a call where the template has a form for it. */
async function answerText(place: Place, job: Job): Promise<void> {
  const { loaded } = place
  const { shape } = job.request
  const schema = schemaOf(shape)
  const grammar =
    schema === undefined ? undefined : schemaGrammar(schema, grammarOptions(loaded)).grammar
  const tools = documentedTools(loaded, shape)
  const form = tools.length > 0 ? readToolForm(loaded) : null
  // Nothing may come before JSON: such an answer is not thought about.
  const { marks, opening } =
    grammar === undefined ? readReasoning(loaded, job.prompt.tokens) : { marks: null, opening: [] }
  const show = openShow(loaded, job, marks)
  const plain = generationOf(job)
  const generation = { ...plain, promptTokens: [...plain.promptTokens, ...opening] }
  const outcome = await runModel(
    place,
    {
      ...generation,
      grammar,
      ...(form && { callTokens: form.triggerTokens, callStrings: form.triggerStrings }),
    },
    show.show,
  )
  const said = show.end()
  if (outcome.finish !== 'call') {
    job.writer.end(outcome.finish, usageOf(job.prompt.tokens.length, [outcome]))
    return
  }
  const promptTokens = [...generation.promptTokens, ...loaded.model.tokenize(said)]
  await finishCall(place, job, {
    generation: { ...generation, promptTokens },
    tools,
    before: [outcome],
  })
}

async function finishCall(
  place: Place,
  job: Job,
  call: { generation: Generation; tools: readonly Tool[]; before: readonly Outcome[] },
): Promise<void> {
  const made = callJob(place, job, call.generation, call.tools)
  const { finish, outcomes } = await answerCall(place, made, job.writer)
  job.writer.end(finish, usageOf(job.prompt.tokens.length, [...call.before, ...outcomes]))
}

/** Answers a chat completion through `writer`. Errors: engine_*. */
export async function answerChat(
  loaded: LoadedModel,
  request: ChatRequest,
  io: { writer: ChatWriter; options: AnswerOptions },
): Promise<void> {
  const { shape } = request
  const headers = headersOf(loaded, shape)
  const prompt = renderChat(loaded, request.history, documentedTools(loaded, shape))
  const { signal, randomSeed, newCallId } = io.options
  const job: Job = { request, prompt, writer: io.writer, newCallId }
  await withPlace(loaded, { promptTokens: prompt.tokens, signal, randomSeed }, (place) => {
    io.writer.begin(headers, shape.kind === 'call')
    if (shape.kind !== 'call') return answerText(place, job)
    return finishCall(place, job, { generation: generationOf(job), tools: shape.tools, before: [] })
  })
}
