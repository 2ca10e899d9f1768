import type { Operation } from '../metering/index.ts'
import type { Envelope } from './read-envelope.ts'

/** Tokens of an answer whose length the request does not bound. */
const USUAL_OUTPUT = 1_024
/** Bytes of a token where text is dense: the estimate is to err upwards. */
const BYTES_A_TOKEN = 3
/**
 * Tokens of an image, whatever its size: GPT-4o takes 85 and 170 for each of at most 8 tiles, 1,445
 * (OpenAI's guide “Images and vision”, calculating costs). An image's bytes say nothing of it.
 */
const TOKENS_AN_IMAGE = 1_500
/** As much as the largest limit there is: whoever asks for more can be told no sooner. */
const MOST_TOKENS = 1_000_000_000_000

/**
 * Tokens that a request may take, for what is held of its caller's limits until the truth is known:
 * its bytes of text / 3, a fixed sum for every image, and for every answer (`n`) as many as it may
 * have.
 *
 * @param contextTokens the longest context of its listing; null: unknown
 */
export function estimateTokens(
  envelope: Pick<Envelope, 'body' | 'textBytes' | 'maxTokens' | 'answerCount'>,
  operation: Operation,
  contextTokens: number | null,
): number {
  const { body, textBytes } = envelope
  const images = countImages(body, textBytes < body.length)
  const input = Math.ceil(textBytes / BYTES_A_TOKEN) + images * TOKENS_AN_IMAGE
  if (operation === 'embeddings') return input
  const usual = Math.min(contextTokens ?? USUAL_OUTPUT, USUAL_OUTPUT)
  const total = input + (envelope.maxTokens ?? usual) * envelope.answerCount
  return Number.isNaN(total) ? MOST_TOKENS : Math.min(total, MOST_TOKENS)
}

/** Parts of type `image_url` and what else comes as a `data:` URL, such as a file. */
function countImages(body: Buffer, hasDataUrls: boolean): number {
  // A part says it twice: as its type and as its member.
  const parts = Math.ceil(count(body, IMAGE_PART) / 2)
  return hasDataUrls ? Math.max(parts, count(body, DATA_URL)) : parts
}

const IMAGE_PART = Buffer.from('"image_url"')
const DATA_URL = Buffer.from('"data:')

function count(body: Buffer, word: Buffer): number {
  let found = 0
  for (let at = body.indexOf(word); at >= 0; at = body.indexOf(word, at + word.length)) found += 1
  return found
}
