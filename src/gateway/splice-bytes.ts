import { assert } from '../kernel/index.ts'

/** Replace the bytes from `start` up to `end` by `text`; an insertion when the two are equal. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** `bytes` with the edits made and every other byte kept. Edits must not overlap; any order. */
export function spliceBytes(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes
  const parts: Buffer[] = []
  let at = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    assert(edit.start >= at && edit.end >= edit.start, 'gateway: edits must not overlap')
    parts.push(bytes.subarray(at, edit.start), Buffer.from(edit.text))
    at = edit.end
  }
  parts.push(bytes.subarray(at))
  return Buffer.concat(parts)
}
