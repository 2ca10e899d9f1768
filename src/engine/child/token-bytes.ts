/** Bytes of a token, also where they are half a character. */
export type TokenBytes = (token: number) => Uint8Array | null

/** The byte that each printable stand-in of a byte-level vocabulary means. */
function byteOfCharacter(): ReadonlyMap<string, number> {
  const printable = (b: number) =>
    (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || (b >= 0xae && b <= 0xff)
  const map = new Map<string, number>()
  let next = 0x100
  for (let b = 0; b < 256; b++) map.set(String.fromCodePoint(printable(b) ? b : next++), b)
  return map
}

function fromByteLevel(text: string, bytes: ReadonlyMap<string, number>): Uint8Array {
  const out: number[] = []
  for (const character of text) {
    const byte = bytes.get(character)
    if (byte === undefined) out.push(...Buffer.from(character))
    else out.push(byte)
  }
  return Uint8Array.from(out)
}

function fromSentencePiece(text: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(text)
  if (byte?.[1] !== undefined) return Uint8Array.of(Number.parseInt(byte[1], 16))
  return Buffer.from(text.replaceAll('\u2581', ' '))
}

/**
 * Reads bytes out of the vocabulary of a GGUF file. `model` is `tokenizer.ggml.model`; the answer
 * is null for kinds of vocabulary whose spelling we do not know and for tokens out of range.
 */
export function readTokenBytes(
  model: string | undefined,
  tokens: readonly string[] | undefined,
): TokenBytes {
  const characters = byteOfCharacter()
  return (token) => {
    const text = tokens?.[token]
    if (text === undefined) return null
    if (model === 'gpt2') return fromByteLevel(text, characters)
    if (model === 'llama') return fromSentencePiece(text)
    return null
  }
}
