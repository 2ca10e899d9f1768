// edge: decompresses an upstream's answer, though it was asked not to compress.
import type { Transform } from 'node:stream'
import { refuse } from './errors.ts'
import { makeDecoder } from './make-decoder.ts'

/**
 * A decoder for a content encoding; null when the bytes are plain. An unknown one, and
 * bytes that do not fit it, are `gateway_upstream_failed`.
 */
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
    const message = `The provider answered in the unknown encoding "${decoding.name}".`
    hear.error(refuse('gateway_upstream_failed', message))
  }
  if (decoding.kind !== 'decoder') return null
  const { decoder } = decoding
  decoder.on('data', hear.data)
  decoder.once('end', hear.end)
  decoder.once('error', (cause) => {
    const message = 'The provider’s answer is not what its content-encoding says.'
    hear.error(refuse('gateway_upstream_failed', message, { cause }))
  })
  return decoder
}
