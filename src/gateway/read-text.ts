import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'

/** What one choice of an answer, or of a part of it, adds for a reader. */
export interface TextPart {
  readonly text: string
  /** Null: it goes on. */
  readonly finishReason: string | null
}

/** The first choice of a chat answer's JSON, streamed or whole; null: it has none. */
export function readText(json: string): TextPart | null {
  const value = parseJson(json)
  if (value === undefined || !isJsonObject(value) || !Array.isArray(value.choices)) return null
  const choice = value.choices.find((each) => isJsonObject(each) && (each.index ?? 0) === 0)
  if (choice === undefined || !isJsonObject(choice)) return null
  const said = choice.delta ?? choice.message
  const finish = choice.finish_reason
  const finishReason = typeof finish === 'string' ? finish : null
  if (said === undefined || !isJsonObject(said)) return { text: '', finishReason }
  return { text: textOf(said.content) + textOf(said.refusal), finishReason }
}

/** Text, or the texts of a list of parts, as some servers send it. */
function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (isJsonObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join('')
}
