import type { Token } from './llama-api.ts'

/** Turns tokens into text piece by piece, never half a character. */
export interface TextAssembler {
  push(token: Token): string
  /** What is left: an incomplete character becomes U+FFFD. */
  end(): string
}

/** A character has at most four bytes, so at most four byte tokens. */
const MAX_PENDING_TOKENS = 4
const CONTEXT_TOKENS = 8
const REPLACEMENT = '\uFFFD'

/**
 * `detokenize` is the model's: tokens and the tokens before them → text, with U+FFFD where bytes
 * are missing.
 */
export function assembleText(
  detokenize: (tokens: readonly Token[], before: readonly Token[]) => string,
): TextAssembler {
  let pending: Token[] = []
  let before: Token[] = []
  const flush = (text: string) => {
    before = [...before, ...pending].slice(-CONTEXT_TOKENS)
    pending = []
    return text
  }
  return {
    push(token) {
      pending.push(token)
      const text = detokenize(pending, before)
      const isIncomplete = text.endsWith(REPLACEMENT) && pending.length < MAX_PENDING_TOKENS
      return isIncomplete ? '' : flush(text)
    },
    end: () => (pending.length === 0 ? '' : flush(detokenize(pending, before))),
  }
}
