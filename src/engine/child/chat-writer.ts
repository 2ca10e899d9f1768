import type { Json } from '../../kernel/index.ts'
import type { ContentLogprob } from './describe-logprobs.ts'

export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
  /** Prompt tokens known from an earlier request; part of `promptTokens`. */
  readonly cachedTokens: number
}

export type FinishReason = 'stop' | 'length' | 'tool_calls'

/** Takes an answer as it comes and writes it in OpenAI's shape. */
export interface ChatWriter {
  /** Called once, when generation begins: until then a refusal still has its own status. */
  begin(headers: Readonly<Record<string, string>>, isCall: boolean): void
  text(text: string, logprobs: readonly ContentLogprob[] | null): void
  /** What the model thinks before it answers. */
  reasoning(text: string, logprobs: readonly ContentLogprob[] | null): void
  callStart(id: string, name: string): void
  callArguments(text: string): void
  end(finish: FinishReason, usage: Usage): void
}

/** Where bytes go: an HTTP response, or a test. */
export interface Wire {
  head(status: number, headers: Readonly<Record<string, string>>): void
  write(text: string): void
  end(text?: string): void
}

/** What every object of one answer carries. */
export interface AnswerIdentity {
  readonly id: string
  readonly createdSeconds: number
  readonly model: string
  readonly fingerprint: string
}

export function usageJson(usage: Usage) {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
  }
}

export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
} as const

export const event = (json: unknown): string => `data: ${JSON.stringify(json)}\n\n`

const logprobsJson = (entries: readonly ContentLogprob[] | null): Json =>
  entries && { content: entries as unknown as Json, refusal: null }

/** Writes chunks: role first, then content, then the finish reason, then usage where asked for. */
export function streamChat(wire: Wire, identity: AnswerIdentity, hasUsage: boolean): ChatWriter {
  const chunk = (choices: Json, usage: Json = null) =>
    wire.write(
      event({
        id: identity.id,
        object: 'chat.completion.chunk',
        created: identity.createdSeconds,
        model: identity.model,
        system_fingerprint: identity.fingerprint,
        choices,
        ...(hasUsage && { usage }),
      }),
    )
  const delta = (value: Json, logprobs: Json = null) =>
    chunk([{ index: 0, delta: value, logprobs, finish_reason: null }])
  return {
    begin(headers, isCall) {
      wire.head(200, { ...eventStreamHeaders, ...headers })
      delta({ role: 'assistant', content: isCall ? null : '' })
    },
    text: (text, logprobs) => delta({ content: text }, logprobsJson(logprobs)),
    reasoning: (text, logprobs) => delta({ reasoning_content: text }, logprobsJson(logprobs)),
    callStart: (id, name) =>
      delta({
        tool_calls: [{ index: 0, id, type: 'function', function: { name, arguments: '' } }],
      }),
    callArguments: (text) => delta({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
    end(finish, usage) {
      chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: finish }])
      if (hasUsage) chunk([], usageJson(usage))
      wire.end('data: [DONE]\n\n')
    },
  }
}

/** Collects the answer and writes it whole. */
export function wholeChat(wire: Wire, identity: AnswerIdentity): ChatWriter {
  let headers: Readonly<Record<string, string>> = {}
  let content = ''
  let reasoning = ''
  let logprobs: ContentLogprob[] | null = null
  let call: { id: string; name: string; args: string } | null = null
  const note = (entries: readonly ContentLogprob[] | null) => {
    if (entries !== null) logprobs = [...(logprobs ?? []), ...entries]
  }
  const message = () => ({
    role: 'assistant',
    content: call !== null && content === '' ? null : content,
    refusal: null,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(call !== null && {
      tool_calls: [
        { id: call.id, type: 'function', function: { name: call.name, arguments: call.args } },
      ],
    }),
  })
  return {
    begin(value) {
      headers = value
    },
    text(text, entries) {
      content += text
      note(entries)
    },
    reasoning(text, entries) {
      reasoning += text
      note(entries)
    },
    callStart(id, name) {
      call = { id, name, args: '' }
    },
    callArguments(text) {
      if (call !== null) call.args += text
    },
    end(finish, usage) {
      const body = {
        id: identity.id,
        object: 'chat.completion',
        created: identity.createdSeconds,
        model: identity.model,
        system_fingerprint: identity.fingerprint,
        choices: [
          {
            index: 0,
            message: message(),
            logprobs: logprobsJson(logprobs),
            finish_reason: finish,
          },
        ],
        usage: usageJson(usage),
      }
      wire.head(200, { 'content-type': 'application/json', ...headers })
      wire.end(JSON.stringify(body))
    },
  }
}
