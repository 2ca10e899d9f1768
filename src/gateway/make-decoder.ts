// edge: decompression streams.
import type { Transform } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib'

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

export type Decoding =
  | { readonly kind: 'plain' }
  | { readonly kind: 'decoder'; readonly decoder: Transform }
  /** `name` is what the header says, at most 40 characters of it. */
  | { readonly kind: 'unknown'; readonly name: string }

/** What undoes a content encoding. An absent or empty one is plain. */
export function makeDecoder(encoding: string | undefined): Decoding {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return { kind: 'plain' }
  const make = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (make === undefined) return { kind: 'unknown', name: name.slice(0, 40) }
  return { kind: 'decoder', decoder: make() }
}
