import { join, posix } from 'node:path'
import type { WantedFile } from './types.ts'

const LONGEST_NAME_BYTES = 180
/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * Where a group's file lies below the folder for models. Of what the hub says only the last part of
 * the path is used, and of that only harmless characters: no name from a hub leads elsewhere. The
 * folder carries the first file's checksum, so another version never overwrites one in use, and
 * parts of a split model lie together.
 */
export function localPathOf(
  at: { readonly hub: string; readonly publisher: string; readonly repo: string },
  files: readonly WantedFile[],
  file: WantedFile,
): string {
  const first = files[0] ?? file
  const folder = [at.hub, at.publisher, at.repo].map(safeName)
  return join(...folder, first.sha256.slice(0, 12), safeName(posix.basename(file.path)))
}

/** One part of a path: never empty, `.`, `..`, hidden, reserved, or too long; the ending stays. */
export function safeName(text: string): string {
  const cleaned = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} ._+@()=,-]+/gu, '_')
    .replace(/^[. -]+|[. ]+$/g, '_')
  const short = shorten(cleaned === '' ? '_' : cleaned)
  return RESERVED.test(short) ? `_${short}` : short
}

/** Keeps the end, where a part of a split model says which it is. */
function shorten(name: string): string {
  let kept = name
  while (Buffer.byteLength(kept) > LONGEST_NAME_BYTES) kept = kept.slice(1)
  return kept
}
