import type { Choice } from '../boards/index.ts'

/** Which of two answers is the expected one, by words alone: both `tie`, neither `both_bad`. */
export function judgeExact(a: string, b: string, expected: string): Choice {
  const [isA, isB] = [isExact(a, expected), isExact(b, expected)]
  if (isA && isB) return 'tie'
  if (!isA && !isB) return 'both_bad'
  return isA ? 'a' : 'b'
}

/** Whether an answer, its last line, or what follows its last `answer:` or `=` is the expected. */
export function isExact(answer: string, expected: string): boolean {
  const wanted = normalise(expected)
  const lines = answer.trim().split('\n')
  const last = lines.at(-1) ?? ''
  const after = /^.*(?:answer(?: is)?\s*[:：]?|答案(?:是)?\s*[:：]?|=)\s*(.+)$/is.exec(last)?.[1]
  return [answer, last, after ?? last].some((text) => normalise(text) === wanted)
}

/** One spelling of what says the same: width, case, spaces, marks around it, 1,000 as 1000. */
function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(\d),(?=\d{3}\b)/g, '$1')
    .replace(/\s+/g, ' ')
    .replace(/^[\s"'`*$([{]+|[\s"'`*$)\]}.。!！,，;；]+$/g, '')
}
