type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What an answer to a request for a file, or for the rest of one, brings. */
export type RangeAnswer =
  /** Bytes from `fromBytes` on. */
  | { readonly kind: 'bytes'; readonly fromBytes: number }
  /** Nothing is left to bring: ask for the whole. */
  | { readonly kind: 'anew' }
  /** Another part than was asked for: ask for the whole. */
  | { readonly kind: 'other-part' }
  /** A web page: of a sign-in, or of whoever stands between. */
  | { readonly kind: 'page' }
  /** It says another length than the hub does. */
  | { readonly kind: 'wrong-length'; readonly saidBytes: number }
  | { readonly kind: 'other' }

/** Reads status and headers, given how much is here already and how long the file is to be. */
export function checkRange(
  answer: { readonly status: number; readonly headers: Headers },
  haveBytes: number,
  sizeBytes: number,
): RangeAnswer {
  if (answer.status === 416 && haveBytes > 0) return { kind: 'anew' }
  const isGood = answer.status === 200 || answer.status === 206
  if (isGood && /^\s*text\/html\b/i.test(textOf(answer.headers, 'content-type')))
    return { kind: 'page' }
  if (answer.status === 206) {
    const [, from, total] =
      /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(textOf(answer.headers, 'content-range')) ?? []
    if (from === undefined || Number(from) !== haveBytes) return { kind: 'other-part' }
    if (total !== '*' && Number(total) !== sizeBytes)
      return { kind: 'wrong-length', saidBytes: Number(total) }
    return checkLength(answer.headers, haveBytes, sizeBytes)
  }
  // A server that knows no ranges, or another file than before: all of it comes.
  if (answer.status === 200) return checkLength(answer.headers, 0, sizeBytes)
  return { kind: 'other' }
}

function checkLength(headers: Headers, fromBytes: number, sizeBytes: number): RangeAnswer {
  const said = textOf(headers, 'content-length')
  if (!/^\d+$/.test(said) || Number(said) === sizeBytes - fromBytes)
    return { kind: 'bytes', fromBytes }
  return { kind: 'wrong-length', saidBytes: fromBytes + Number(said) }
}

export function textOf(headers: Headers, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
