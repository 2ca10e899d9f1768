import { matchStops } from './match-stops.ts'

/** The marks between which a model thinks aloud. */
export interface ReasoningMarks {
  readonly open: string
  readonly close: string
  /** Whether the template has already written the opening mark. */
  readonly isOpen: boolean
}

export interface SplitText {
  readonly reasoning: string
  readonly content: string
}

/** Tells thoughts from the answer in text that comes in pieces. */
export interface ReasoningSplitter {
  push(piece: string): SplitText
  end(): SplitText
}

const onlyContent = (content: string): SplitText => ({ reasoning: '', content })

/**
 * Thoughts stand at the beginning of the answer only; an opening mark later on is text. Null marks:
 * everything is the answer.
 */
export function splitReasoning(marks: ReasoningMarks | null): ReasoningSplitter {
  if (marks === null) return { push: onlyContent, end: () => onlyContent('') }
  let phase: 'before' | 'inside' | 'gap' | 'after' = marks.isOpen ? 'inside' : 'before'
  let pending = ''
  const closer = matchStops([marks.close])
  let hasThought = false
  let seen = ''

  /** Text after the closing mark, without the blank lines that part it from the thoughts. */
  const content = (text: string): string => {
    if (phase !== 'gap') return text
    const trimmed = text.trimStart()
    if (trimmed !== '') phase = 'after'
    return trimmed
  }
  const inside = (text: string): SplitText => {
    seen += text
    const { text: matched, isStopped } = closer.push(text)
    const reasoning = hasThought ? matched : matched.trimStart()
    hasThought ||= reasoning !== ''
    if (!isStopped) return { reasoning, content: '' }
    phase = 'gap'
    const rest = seen.slice(seen.indexOf(marks.close) + marks.close.length)
    return { reasoning, content: content(rest) }
  }
  const before = (text: string): SplitText => {
    pending += text
    const begun = pending.trimStart()
    if (begun.startsWith(marks.open)) {
      phase = 'inside'
      return inside(begun.slice(marks.open.length))
    }
    if (marks.open.startsWith(begun)) return { reasoning: '', content: '' }
    phase = 'after'
    const all = pending
    pending = ''
    return onlyContent(all)
  }
  return {
    push(piece) {
      if (phase === 'before') return before(piece)
      if (phase === 'inside') return inside(piece)
      return onlyContent(content(piece))
    },
    end() {
      if (phase === 'before') return onlyContent(pending)
      if (phase === 'inside') return { reasoning: closer.end(), content: '' }
      return onlyContent('')
    },
  }
}
