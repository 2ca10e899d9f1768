import { isJsonObject, parseJson } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { FileHead } from './types-files.ts'

export interface Head extends FileHead {
  readonly isJson: boolean
  /** Where the records begin, and on which line, counted from 1. */
  readonly at: number
  readonly line: number
}

const EFFECT = 'prompt_design_effect'

/**
 * Reads what may stand before the records: a byte order mark, empty lines, and in CSV lines that
 * begin with `#`, in JSON lines a first object without models. Of these only
 * `# prompt_design_effect: 1.25`, or `{"prompt_design_effect": 1.25}`, means something.
 * Refuses with `ratings_file_malformed` when it is no number of 1 or more.
 */
export function readHead(text: string): Head {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let line = 1
  let promptDesignEffect: number | null = null
  for (; at < text.length; line += 1) {
    const end = endOfLine(text, at)
    const content = text.slice(at, end).trim()
    const said = sayingOf(content)
    if (content !== '' && said === null) break
    promptDesignEffect = said?.effect === undefined ? promptDesignEffect : check(said.effect, line)
    at = text.startsWith('\r\n', end) ? end + 2 : end + 1
  }
  return { isJson: text.startsWith('{', skipSpaces(text, at)), at, line, promptDesignEffect }
}

function endOfLine(text: string, at: number): number {
  let end = at
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end += 1
  return end
}

function skipSpaces(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at += 1
  return at
}

/** What a line of the head says of the effect of prompts; null: the line belongs to the records. */
function sayingOf(content: string): { readonly effect?: unknown } | null {
  if (content.startsWith('#')) {
    const [, value] = /^#\s*prompt_design_effect\s*[:=]\s*(\S+)$/.exec(content) ?? []
    return value === undefined ? {} : { effect: Number(value) }
  }
  const object = content.startsWith('{') ? parseJson(content) : undefined
  if (!isJsonObject(object) || 'model_a' in object || !(EFFECT in object)) return null
  return { effect: object[EFFECT] }
}

function check(effect: unknown, line: number): number {
  if (typeof effect === 'number' && effect >= 1 && Number.isFinite(effect)) return effect
  throw refuse(
    'ratings_file_malformed',
    `Line ${line} has a ${EFFECT} that is no number of 1 or more. Mend it, or remove the line.`,
    { details: { line } },
  )
}
