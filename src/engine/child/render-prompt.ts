// edge: asks a loaded model for its template and tokens.
import { refuse } from '../errors.ts'
import type { HistoryItem, LlamaTextLike, Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { Prompt } from './parse-completion.ts'
import type { Tool } from './parse-output-shape.ts'
import { refuseParam } from './read-fields.ts'

/** A prompt as the model reads it, and what ends its answer. */
export interface RenderedPrompt {
  readonly tokens: readonly Token[]
  readonly stopTokens: ReadonlySet<Token>
  /** Ends of turn that a model may write out as plain text. */
  readonly stopStrings: readonly string[]
}

const exceeded = (loaded: LoadedModel, count: string, param: string) =>
  refuse(
    'engine_context_exceeded',
    `This model's maximum context length is ${loaded.contextTokens} tokens. However, your request resulted in ${count} tokens. Please reduce the length of the ${param}.`,
    { param },
  )

/** Refuses text that cannot fit whatever its tokens are, before time is spent to count them. */
export function checkTextFits(loaded: LoadedModel, bytes: number, param: string) {
  const least = Math.ceil(bytes / loaded.longestTokenBytes)
  if (least >= loaded.contextTokens) throw exceeded(loaded, `at least ${least}`, param)
}

/** There must be room for one token of answer. Error: engine_context_exceeded. */
function checkTokensFit(loaded: LoadedModel, tokens: readonly Token[], param: string) {
  if (tokens.length >= loaded.contextTokens) throw exceeded(loaded, `${tokens.length}`, param)
}

/** Native code does not survive a token that is not in the vocabulary. */
export function checkTokensExist(loaded: LoadedModel, tokens: readonly Token[], param: string) {
  const size = loaded.vocabularySize ?? Number.POSITIVE_INFINITY
  for (const token of tokens)
    if (token >= size) throw refuseParam(param, `${loaded.name} has no token ${token}.`)
}

const historyBytes = (history: readonly HistoryItem[]): number => {
  let bytes = 0
  for (const item of history) {
    if (item.type !== 'model') bytes += Buffer.byteLength(item.text)
    else for (const r of item.response) if (typeof r === 'string') bytes += Buffer.byteLength(r)
  }
  return bytes
}

function readTriggers(loaded: LoadedModel, triggers: readonly LlamaTextLike[]) {
  const stopTokens = new Set<Token>()
  const stopStrings: string[] = []
  for (const trigger of triggers) {
    const json = trigger.toJSON()
    if (typeof json === 'string') {
      if (json !== '') stopStrings.push(json)
      continue
    }
    const [only, ...others] = trigger.tokenize(loaded.model.tokenizer)
    if (only !== undefined && others.length === 0) stopTokens.add(only)
  }
  return { stopTokens, stopStrings }
}

/** The tokens after the one that begins every text, where the model wants it and it is missing. */
function withBeginning(loaded: LoadedModel, tokens: readonly Token[]): readonly Token[] {
  const { bos, shouldPrependBosToken } = loaded.model.tokens
  return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens
}

/** Tools in the shape node-llama-cpp's templates document them in. */
const asFunctions = (tools: readonly Tool[]) =>
  Object.fromEntries(
    tools.map((t) => [
      t.name,
      { ...(t.description !== undefined && { description: t.description }), params: t.parameters },
    ]),
  )

/**
 * The chat as the model's own template writes it. `tools` are documented to the model only where
 * its template has a form for them.
 * Errors: engine_request_invalid (no template, or the template refuses), engine_context_exceeded.
 */
export function renderChat(
  loaded: LoadedModel,
  history: readonly HistoryItem[],
  tools: readonly Tool[],
): RenderedPrompt {
  const { wrapper } = loaded
  if (wrapper === null)
    throw refuseParam('model', `${loaded.name} has no chat template: use /v1/completions.`)
  checkTextFits(loaded, historyBytes(history), 'messages')
  const isOpen = history.at(-1)?.type === 'model'
  const chatHistory = isOpen ? history : [...history, { type: 'model', response: [] } as const]
  let state: ReturnType<typeof wrapper.generateContextState>
  try {
    state = wrapper.generateContextState({
      chatHistory,
      ...(tools.length > 0 && { availableFunctions: asFunctions(tools) }),
      documentFunctionParams: true,
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw refuse('engine_request_invalid', `The model's chat template refuses: ${why}`, {
      param: 'messages',
      cause,
    })
  }
  const tokens = withBeginning(loaded, state.contextText.tokenize(loaded.model.tokenizer))
  checkTokensFit(loaded, tokens, 'messages')
  return { tokens, ...readTriggers(loaded, state.stopGenerationTriggers) }
}

/** A plain prompt, with the token that begins every text where the model wants one. */
export function renderText(loaded: LoadedModel, prompt: Prompt, param: string): readonly Token[] {
  if (typeof prompt !== 'string') {
    checkTokensExist(loaded, prompt, param)
    checkTokensFit(loaded, prompt, param)
    return prompt
  }
  checkTextFits(loaded, Buffer.byteLength(prompt), param)
  const tokens = withBeginning(loaded, loaded.model.tokenize(prompt))
  if (tokens.length === 0) throw refuseParam(param, `"${param}" must not be empty.`)
  checkTokensFit(loaded, tokens, param)
  return tokens
}
