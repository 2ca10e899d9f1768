import type { Json } from '../../kernel/index.ts'
import type { ChatWriter, Usage } from './chat-writer.ts'
import { describeLogprob } from './describe-logprobs.ts'
import type { Outcome, Piece } from './generate.ts'
import type { EvaluateOptions, Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { ChatRequest } from './parse-chat.ts'
import type { OutputShape, Tool } from './parse-output-shape.ts'
import { type RenderedPrompt, renderChat } from './render-prompt.ts'
import { type Generation, type Place, runModel, withPlace } from './run-model.ts'
import { choiceGrammar, type GrammarOptions, schemaGrammar } from './schema-grammar.ts'

export interface AnswerOptions {
  readonly signal: AbortSignal
  readonly randomSeed: number
  readonly newCallId: () => string
}

/** A context this small is soon full: what a schema leaves open is kept short. */
const SMALL_CONTEXT_TOKENS = 2_048
const grammarOptions = (loaded: LoadedModel): GrammarOptions => ({
  isShort: loaded.contextTokens <= SMALL_CONTEXT_TOKENS,
})

/** The grammar of an answer's form, and what of the form it cannot hold. */
function grammarOf(
  loaded: LoadedModel,
  shape: OutputShape,
): {
  grammar: string | undefined
  ignored: readonly string[]
} {
  if (shape.kind !== 'json' && shape.kind !== 'schema') return { grammar: undefined, ignored: [] }
  const schema: Json = shape.kind === 'schema' ? shape.schema : { type: 'object' }
  const { grammar, ignoredKeywords } = schemaGrammar(schema, grammarOptions(loaded))
  return { grammar, ignored: ignoredKeywords }
}

const usageOf = (promptTokens: number, outcomes: readonly Outcome[]): Usage => ({
  promptTokens,
  completionTokens: outcomes.reduce((sum, o) => sum + o.completionTokens, 0),
  cachedTokens: Math.min(promptTokens, outcomes[0]?.cachedTokens ?? 0),
})

function logprobsOf(loaded: LoadedModel, request: ChatRequest) {
  const { topLogprobs } = request
  return (piece: Piece, sampling: EvaluateOptions) =>
    topLogprobs === null
      ? null
      : piece.tokens.map((t) =>
          describeLogprob(loaded, t, {
            topCount: topLogprobs,
            temperature: sampling.temperature,
          }),
        )
}

const generationOf = (request: ChatRequest, prompt: RenderedPrompt): Generation => ({
  promptTokens: prompt.tokens,
  stopTokens: prompt.stopTokens,
  stopStrings: [...prompt.stopStrings, ...request.sampling.stops],
  sampling: request.sampling,
  grammar: undefined,
  hasProbabilities: request.topLogprobs !== null,
  maxTokens: request.sampling.maxTokens,
})

async function answerText(
  place: Place,
  request: ChatRequest,
  io: { prompt: RenderedPrompt; grammar: string | undefined; writer: ChatWriter },
) {
  const describe = logprobsOf(place.loaded, request)
  const generation = { ...generationOf(request, io.prompt), grammar: io.grammar }
  const outcome = await runModel(place, generation, (piece, sampling) =>
    io.writer.text(piece.text, describe(piece, sampling)),
  )
  io.writer.end(outcome.finish, usageOf(io.prompt.tokens.length, [outcome]))
}

/** The model's choice among several tools, by a grammar of their names. */
async function chooseTool(place: Place, generation: Generation, tools: readonly Tool[]) {
  const [only, ...others] = tools
  if (only !== undefined && others.length === 0) return { tool: only, outcomes: [] }
  let name = ''
  const grammar = choiceGrammar(tools.map((t) => t.name))
  const outcome = await runModel(place, { ...generation, grammar }, (piece) => {
    name += piece.text
  })
  // Cut short by max_tokens, the beginning of a name still tells some tool.
  const tool = tools.find((t) => t.name === name) ?? tools.find((t) => t.name.startsWith(name))
  return { tool: tool ?? (only as Tool), outcomes: [outcome] }
}

/** What the template writes before the arguments of a call; empty where it has no form for calls. */
function callHead(loaded: LoadedModel, tool: Tool): readonly Token[] {
  const { wrapper, runtime, model } = loaded
  if (wrapper === null || !hasToolForm(loaded)) return []
  const { prefix, paramsPrefix } = wrapper.settings.functions.call
  return runtime.module.LlamaText(prefix, tool.name, paramsPrefix).tokenize(model.tokenizer)
}

/** Whether the model's template has a form for tools of its own. */
export function hasToolForm(loaded: LoadedModel): boolean {
  const template = loaded.model.fileInfo.metadata.tokenizer?.chat_template ?? ''
  return /\btools\b/.test(template)
}

async function answerCall(
  place: Place,
  request: ChatRequest,
  io: { prompt: RenderedPrompt; tools: readonly Tool[]; writer: ChatWriter; newCallId(): string },
) {
  const base: Generation = {
    ...generationOf(request, io.prompt),
    stopStrings: [],
    hasProbabilities: false,
  }
  const { tool, outcomes } = await chooseTool(place, base, io.tools)
  const spent = outcomes.reduce((sum, o) => sum + o.completionTokens, 0)
  const { maxTokens } = request.sampling
  io.writer.callStart(io.newCallId(), tool.name)
  const outcome = await runModel(
    place,
    {
      ...base,
      promptTokens: [...io.prompt.tokens, ...callHead(place.loaded, tool)],
      grammar: schemaGrammar(tool.parameters, grammarOptions(place.loaded)).grammar,
      maxTokens: maxTokens === undefined ? undefined : Math.max(1, maxTokens - spent),
    },
    (piece) => io.writer.callArguments(piece.text),
  )
  const finish = outcome.finish === 'length' ? 'length' : 'tool_calls'
  io.writer.end(finish, usageOf(io.prompt.tokens.length, [...outcomes, outcome]))
}

function ignoredOf(loaded: LoadedModel, shape: OutputShape): readonly string[] {
  if (shape.kind !== 'call') return grammarOf(loaded, shape).ignored
  return [...new Set(shape.tools.flatMap((t) => schemaGrammar(t.parameters).ignoredKeywords))]
}

/** Headers that say which wishes had no effect. */
function headersOf(loaded: LoadedModel, shape: OutputShape): Record<string, string> {
  const headers: Record<string, string> = {}
  const ignored = ignoredOf(loaded, shape)
  if (ignored.length > 0)
    headers['x-baimo-schema'] = `ignored ${ignored.join(',')}`.replaceAll(/[^\w $,.-]/g, '_')
  if (shape.kind === 'maybe-call')
    headers['x-baimo-tools'] = hasToolForm(loaded) ? 'ignored-auto' : 'ignored-no-template'
  return headers
}

/** Answers a chat completion through `writer`. Errors: engine_*. */
export async function answerChat(
  loaded: LoadedModel,
  request: ChatRequest,
  io: { writer: ChatWriter; options: AnswerOptions },
): Promise<void> {
  const { shape } = request
  const headers = headersOf(loaded, shape)
  const documented = shape.kind === 'call' && hasToolForm(loaded) ? shape.tools : []
  const prompt = renderChat(loaded, request.history, documented)
  const { signal, randomSeed, newCallId } = io.options
  const { writer } = io
  await withPlace(loaded, { promptTokens: prompt.tokens, signal, randomSeed }, (place) => {
    writer.begin(headers, shape.kind === 'call')
    return shape.kind === 'call'
      ? answerCall(place, request, { prompt, tools: shape.tools, writer, newCallId })
      : answerText(place, request, { prompt, grammar: grammarOf(loaded, shape).grammar, writer })
  })
}
