// edge: decompresses an upstream's answer, though it was asked not to compress.
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

/** A decoder for a content encoding; null when the bytes are plain. An unknown one is an error. */
export function decoderOf(
  encoding: string | undefined,
  hear: {
    readonly data: (bytes: Buffer) => void
    readonly end: () => void
    readonly error: (error: Error) => void
  },
): Transform | null {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return null
  const make = DECODERS[name]
  if (make === undefined) {
    hear.error(new Error(`the provider answered in the unknown encoding "${name.slice(0, 40)}"`))
    return null
  }
  const decoder = make()
  decoder.on('data', hear.data)
  decoder.once('end', hear.end)
  decoder.once('error', hear.error)
  return decoder
}
