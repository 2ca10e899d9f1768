// edge: makes llama.cpp embed texts.
import { refuse } from '../errors.ts'
import type { Wire } from './chat-writer.ts'
import type { EmbeddingContext } from './llama-api.ts'
import type { LoadedModel } from './loaded-model.ts'
import type { EmbeddingRequest } from './parse-completion.ts'
import { refuseParam } from './read-fields.ts'
import { checkTextFits, checkTokensExist } from './render-prompt.ts'

/** The vector with length one, as OpenAI's are; a zero vector stays as it is. */
export function toUnitLength(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector)
  return Float32Array.from(vector, (x) => (length > 0 ? x / length : 0))
}

/** Little-endian 32-bit floats in base64, whatever this machine's byte order is. */
export function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [i, x] of vector.entries()) bytes.writeFloatLE(x, i * 4)
  return bytes.toString('base64')
}

/** What can be refused before anything is computed. */
function checkRequest(loaded: LoadedModel, request: EmbeddingRequest): void {
  const native = loaded.plan.description.embeddingLength
  if (request.dimensions !== undefined && native !== null && request.dimensions !== native)
    throw refuseParam('dimensions', `${loaded.name} has vectors of ${native} numbers only.`)
  for (const input of request.inputs)
    if (typeof input === 'string') checkTextFits(loaded, Buffer.byteLength(input), 'input')
    else checkTokensExist(loaded, input, 'input')
}

function tokensOf(loaded: LoadedModel, context: EmbeddingContext, request: EmbeddingRequest) {
  return request.inputs.map((input, index) => {
    // Tokens, so that words of a text never act as special tokens.
    const tokens = typeof input === 'string' ? loaded.model.tokenize(input) : [...input]
    const length = context.calculateInputLength([...tokens])
    if (length >= loaded.contextTokens)
      throw refuse(
        'engine_context_exceeded',
        `This model's maximum context length is ${loaded.contextTokens} tokens. However, input ${index} has ${length} tokens. Please shorten it.`,
        { param: 'input' },
      )
    return { tokens, length }
  })
}

/** Answers an embedding request. Any model can: those not made for it give what they have. */
export async function answerEmbedding(
  loaded: LoadedModel,
  request: EmbeddingRequest,
  io: { wire: Wire; signal: AbortSignal },
): Promise<void> {
  checkRequest(loaded, request)
  const release = await loaded.embeddingLine.enter(io.signal)
  try {
    const context = await loaded.embeddingContext()
    const inputs = tokensOf(loaded, context, request)
    const data: unknown[] = []
    for (const [index, { tokens }] of inputs.entries()) {
      io.signal.throwIfAborted()
      const vector = toUnitLength((await context.getEmbeddingFor(tokens)).vector)
      const embedding = request.format === 'base64' ? toBase64(vector) : [...vector]
      data.push({ object: 'embedding', index, embedding })
    }
    const promptTokens = inputs.reduce((sum, { length }) => sum + length, 0)
    io.wire.head(200, { 'content-type': 'application/json' })
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens }
    io.wire.end(JSON.stringify({ object: 'list', data, model: loaded.name, usage }))
  } finally {
    release()
  }
}
