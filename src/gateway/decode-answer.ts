// edge: decompresses an upstream's answer, though it was asked not to compress.
import type { Transform } from 'node:stream'
import { makeDecoder } from './make-decoder.ts'

/** A decoder for a content encoding; null when the bytes are plain. An unknown one is an error. */
export function decoderOf(
  encoding: string | undefined,
  hear: {
    readonly data: (bytes: Buffer) => void
    readonly end: () => void
    readonly error: (error: Error) => void
  },
): Transform | null {
  const decoding = makeDecoder(encoding)
  if (decoding.kind === 'unknown') {
    hear.error(new Error(`the provider answered in the unknown encoding "${decoding.name}"`))
  }
  if (decoding.kind !== 'decoder') return null
  const { decoder } = decoding
  decoder.on('data', hear.data)
  decoder.once('end', hear.end)
  decoder.once('error', hear.error)
  return decoder
}
