// edge: makes llama.cpp complete texts.
import type { Json } from '../../kernel/index.ts'
import {
  type AnswerIdentity,
  event,
  eventStreamHeaders,
  type Usage,
  usageJson,
  type Wire,
} from './chat-writer.ts'
import { type ContentLogprob, describeLogprob } from './describe-logprobs.ts'
import type { Outcome } from './generate.ts'
import type { Token } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { CompletionRequest, Prompt } from './parse-completion.ts'
import { renderText } from './render-prompt.ts'
import { type Place, runModel, withPlace } from './run-model.ts'

/** OpenAI's own default of this endpoint. */
const DEFAULT_MAX_TOKENS = 16

interface Choice {
  readonly index: number
  text: string
  logprobs: ContentLogprob[] | null
  finish: 'stop' | 'length' | null
}

/** The older shape of logprobs: columns instead of entries. */
function logprobsJson(entries: readonly ContentLogprob[] | null, offset: number): Json {
  if (entries === null) return null
  let at = offset
  const offsets = entries.map((e) => {
    const start = at
    at += e.token.length
    return start
  })
  return {
    tokens: entries.map((e) => e.token),
    token_logprobs: entries.map((e) => e.logprob),
    top_logprobs: entries.map((e) =>
      Object.fromEntries(e.top_logprobs.map((t) => [t.token, t.logprob])),
    ),
    text_offset: offsets,
  }
}

const choiceJson = (choice: Choice, offset: number): Json => ({
  index: choice.index,
  text: choice.text,
  logprobs: logprobsJson(choice.logprobs, offset),
  finish_reason: choice.finish,
})

function objectOf(identity: AnswerIdentity, choices: readonly Json[], usage?: Json): Json {
  return {
    id: identity.id,
    object: 'text_completion',
    created: identity.createdSeconds,
    model: identity.model,
    system_fingerprint: identity.fingerprint,
    choices,
    ...(usage !== undefined && { usage }),
  }
}

type Show = (choice: Choice, offset: number) => void

const echoOf = (loaded: LoadedModel, prompt: Prompt): string =>
  typeof prompt === 'string' ? prompt : loaded.model.detokenize(prompt)

interface Job {
  readonly request: CompletionRequest
  readonly index: number
  readonly prompt: Prompt
  readonly tokens: readonly Token[]
  readonly show: Show
}

/** Answers one prompt, showing each piece as a choice of its own with that piece's text. */
async function completeOne(place: Place, job: Job): Promise<Outcome> {
  const { request, index, show } = job
  const { topLogprobs } = request
  let offset = 0
  if (request.isEchoed) {
    const text = echoOf(place.loaded, job.prompt)
    show({ index, text, logprobs: null, finish: null }, offset)
    offset += text.length
  }
  const outcome = await runModel(
    place,
    {
      promptTokens: job.tokens,
      stopTokens: new Set(),
      stopStrings: request.sampling.stops,
      sampling: request.sampling,
      grammar: undefined,
      hasProbabilities: topLogprobs !== null,
      maxTokens: request.sampling.maxTokens ?? DEFAULT_MAX_TOKENS,
    },
    (piece, sampling) => {
      const logprobs =
        topLogprobs === null
          ? null
          : piece.tokens.map((t) =>
              describeLogprob(place.loaded, t, {
                topCount: topLogprobs,
                temperature: sampling.temperature,
              }),
            )
      show({ index, text: piece.text, logprobs, finish: null }, offset)
      offset += piece.text.length
    },
  )
  show(
    {
      index,
      text: '',
      logprobs: topLogprobs === null ? null : [],
      finish: outcome.finish === 'length' ? 'length' : 'stop',
    },
    offset,
  )
  return outcome
}

/** Puts the pieces of each choice together. */
function collector(): { show: Show; choices(): readonly Json[] } {
  const choices = new Map<number, Choice>()
  return {
    show(piece) {
      const known = choices.get(piece.index)
      if (known === undefined) {
        choices.set(piece.index, { ...piece })
        return
      }
      known.text += piece.text
      known.finish = piece.finish
      if (piece.logprobs !== null) known.logprobs = [...(known.logprobs ?? []), ...piece.logprobs]
    },
    choices: () => [...choices.values()].map((c) => choiceJson(c, 0)),
  }
}

export interface CompletionIo {
  readonly wire: Wire
  readonly identity: AnswerIdentity
  readonly signal: AbortSignal
  readonly randomSeed: number
}

const sumUsage = (prompts: readonly (readonly Token[])[], outcomes: readonly Outcome[]): Usage => ({
  promptTokens: prompts.reduce((sum, p) => sum + p.length, 0),
  completionTokens: outcomes.reduce((sum, o) => sum + o.completionTokens, 0),
  cachedTokens: outcomes.reduce((sum, o) => sum + o.cachedTokens, 0),
})

/** Answers a text completion. Several prompts are answered one after another. Errors: engine_*. */
export async function answerCompletion(
  loaded: LoadedModel,
  request: CompletionRequest,
  io: CompletionIo,
): Promise<void> {
  const prompts = request.prompts.map((p) => renderText(loaded, p, 'prompt'))
  const collected = collector()
  const { wire, identity, signal, randomSeed } = io
  const usageField = (usage: Json) => (request.hasStreamUsage ? usage : undefined)
  const show: Show = request.isStream
    ? (choice, offset) =>
        wire.write(event(objectOf(identity, [choiceJson(choice, offset)], usageField(null))))
    : collected.show
  const outcomes: Outcome[] = []
  const first = prompts[0] ?? []
  await withPlace(loaded, { promptTokens: first, signal, randomSeed }, async (place) => {
    if (request.isStream) wire.head(200, eventStreamHeaders)
    for (const [index, tokens] of prompts.entries()) {
      const prompt = request.prompts[index] ?? ''
      outcomes.push(await completeOne(place, { request, index, prompt, tokens, show }))
    }
  })
  const usage = usageJson(sumUsage(prompts, outcomes))
  if (!request.isStream) {
    wire.head(200, { 'content-type': 'application/json' })
    wire.end(JSON.stringify(objectOf(identity, collected.choices(), usage)))
    return
  }
  if (request.hasStreamUsage) wire.write(event(objectOf(identity, [], usage)))
  wire.end('data: [DONE]\n\n')
}
