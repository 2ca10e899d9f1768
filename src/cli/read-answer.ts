import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'
import { formatMs, formatWhole } from './words.ts'

export { readEvents } from './read-events.ts'

export interface Usage {
  readonly inputTokens: number | null
  readonly outputTokens: number | null
}

/** What one event of a streamed answer adds. */
export interface Delta {
  readonly model: string | null
  readonly text: string
  readonly reasoning: string
  readonly finishReason: string | null
  readonly usage: Usage | null
}

/** Reads an event of a streamed chat answer; whatever it lacks is empty or null. */
export function readDelta(event: Json | undefined): Delta {
  const chunk = objectOf(event)
  const choice = objectOf(Array.isArray(chunk.choices) ? chunk.choices[0] : undefined)
  const delta = objectOf(choice.delta)
  return {
    model: textOf(chunk.model) || null,
    text: textOf(delta.content),
    reasoning: textOf(delta.reasoning_content) || textOf(delta.reasoning),
    finishReason: textOf(choice.finish_reason) || null,
    usage: readUsage(chunk.usage),
  }
}

function readUsage(value: Json | undefined): Usage | null {
  if (!isJsonObject(value)) return null
  return {
    inputTokens: numberOf(value.prompt_tokens),
    outputTokens: numberOf(value.completion_tokens),
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null
}

export interface AnswerFacts {
  readonly model: string | null
  readonly usage: Usage | null
  readonly finishReason: string | null
  readonly firstMs: number | null
  readonly totalMs: number
}

const ENDINGS: Readonly<Record<string, string>> = {
  length: 'cut at the longest answer allowed',
  content_filter: "withheld by the provider's filter",
}

/** The line after an answer: who, how many tokens, how long. */
export function summarise(facts: AnswerFacts, headers: Headers, isVerbose: boolean): string {
  const { model, usage, finishReason, firstMs, totalMs } = facts
  const tokens =
    usage === null
      ? 'tokens unknown'
      : `${formatWhole(usage.inputTokens)} tokens in, ${formatWhole(usage.outputTokens)} out`
  const first = firstMs === null ? 'no text' : `first after ${formatMs(firstMs)}`
  const parts = [model ?? 'model unknown', tokens, first, `all after ${formatMs(totalMs)}`]
  const ending = ENDINGS[finishReason ?? '']
  if (ending !== undefined) parts.push(ending)
  if (isVerbose)
    for (const name of ['x-baimo-listing', 'x-baimo-route', 'x-baimo-overhead-ms', 'x-request-id'])
      parts.push(
        `${name.replace('x-', '').replace('baimo-', '')} ${headers.get(name) ?? 'unknown'}`,
      )
  return parts.join(' · ')
}
