import { isJsonObject, type Json, parseJson } from '../kernel/index.ts'
import type { Conversation } from '../routing/index.ts'
import { type Member, skipString } from './scan-members.ts'

/** A longer list of messages is looked through no further: strings in it are skipped at once. */
const WALKED_BYTES = 1024 * 1024
/** A longer message, one with an image say, is not read. */
const MESSAGE_BYTES = 64 * 1024
/** Of a message, so many characters tell what it is about. */
const MOST_CHARACTERS = 4_000
/** Of the first messages, so many characters tell one conversation from another. */
const BEGINNING_CHARACTERS = 1_000
const MOST_FIRST = 8

const QUOTE = 0x22
const COMMA = 0x2c

interface Span {
  readonly start: number
  readonly end: number
}

/**
 * What the messages of a valid chat request are about: the last one of its user, and how it begins,
 * up to the first one of its user. Null: there is none, or it is too long to be looked for.
 */
export function readConversation(body: Buffer, messages: Member): Conversation {
  const spans = spansOf(body, messages)
  return {
    asked: spans.isWhole ? findLast(body, spans.list) : null,
    ...findFirst(body, spans.list),
  }
}

function findLast(body: Buffer, spans: readonly Span[]): string | null {
  for (let at = spans.length - 1; at >= 0; at -= 1) {
    const message = readMessage(body, spans[at])
    if (message?.role === 'user') return message.text.slice(0, MOST_CHARACTERS)
  }
  return null
}

function findFirst(body: Buffer, spans: readonly Span[]): Pick<Conversation, 'beginning'> {
  const parts: string[] = []
  for (const span of spans.slice(0, MOST_FIRST)) {
    const message = readMessage(body, span)
    if (message === null) return { beginning: null }
    parts.push(`${message.role}:${message.text.slice(0, BEGINNING_CHARACTERS)}`)
    if (message.role === 'user') return { beginning: parts.join('\n') }
  }
  return { beginning: null }
}

/** Null: it is no message that we read. */
function readMessage(body: Buffer, span: Span | undefined) {
  if (span === undefined || span.end - span.start > MESSAGE_BYTES) return null
  const value = parseJson(body.toString('utf8', span.start, span.end))
  if (!isJsonObject(value) || typeof value.role !== 'string') return null
  return { role: value.role, text: textOf(value.content) }
}

/** Content is text, or a list of parts some of which are. */
function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) =>
    isJsonObject(part) && typeof part.text === 'string' ? part.text : '',
  )
  return texts.filter((text) => text !== '').join('\n')
}

/** Where the messages stand: the elements of a list that is known to be valid JSON. */
function spansOf(body: Buffer, { valueStart, valueEnd }: Member) {
  const list: Span[] = []
  const stopAt = valueStart + WALKED_BYTES
  let depth = 0
  let start = valueStart + 1
  let at = start
  while (at < valueEnd && at < stopAt) {
    const byte = body[at] ?? 0
    if (byte === QUOTE) {
      at = skipString(body, at)
      if (at < 0) break
      continue
    }
    const change = depthOf(byte)
    if ((byte === COMMA && depth === 0) || depth + change < 0) {
      list.push({ start, end: at })
      start = at + 1
    }
    depth += change
    at += 1
  }
  return { list, isWhole: depth < 0 }
}

function depthOf(byte: number): number {
  const isOpen = byte === 0x7b || byte === 0x5b
  const isClose = byte === 0x7d || byte === 0x5d
  return isOpen ? 1 : isClose ? -1 : 0
}
