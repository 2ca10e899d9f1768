import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'
import type { AnswerEvent } from './read-answer-event.ts'
import { findData } from './read-events.ts'

/** Whatever is longer than an event without content ever is. */
const LONGEST_EMPTY_BYTES = 4_096

/**
 * Whether an event brings the answer further: text, reasoning, a call, a finish, usage, or anything
 * that is not known. One that only says whose turn it is, or adds nothing, does not: a provider may
 * send those for ever.
 */
export function bringsContent(event: AnswerEvent): boolean {
  if (event.kind === 'note') return false
  if (event.kind !== 'part' || event.textBytes > 0 || event.isFinish) return true
  if (event.usage !== null || event.bytes.length > LONGEST_EMPTY_BYTES) return true
  const data = findData(event.bytes)
  if (data === null) return false
  const text = event.bytes.toString('utf8', data.start, data.end).trim()
  if (text === '') return false
  const value = parseJson(text)
  if (value === undefined) return true // of several lines, it passes unread
  const choices = isJsonObject(value) ? value.choices : undefined
  return Array.isArray(choices) && choices.some(choiceBringsContent)
}

function choiceBringsContent(choice: Json): boolean {
  if (!isJsonObject(choice)) return false
  const { delta } = choice
  if (!isJsonObject(delta)) return holdsSomething(choice.text) || holdsSomething(choice.message)
  return Object.entries(delta).some(([key, value]) => key !== 'role' && holdsSomething(value))
}

function holdsSomething(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}
