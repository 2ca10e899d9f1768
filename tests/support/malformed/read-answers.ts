/** One answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

export type Reading =
  | { readonly kind: 'answers'; readonly answers: readonly WireAnswer[]; readonly rest: number }
  /** The bytes are no HTTP/1.1 answers. */
  | { readonly kind: 'broken'; readonly why: string }

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/
const HEADER = /^([!#$%&'*+.^`|~\w-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)$/

/**
 * The whole answers in some bytes, strictly read: whatever a proxy might trip over is broken.
 * `rest` counts the bytes after the last whole answer. Interim answers (1xx) are left out.
 */
export function readAnswers(bytes: Buffer, methods: readonly string[]): Reading {
  const answers: WireAnswer[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return { kind: 'answers', answers, rest: bytes.length - at }
    const head = readHead(bytes.toString('latin1', at, end))
    if (typeof head === 'string') return { kind: 'broken', why: head }
    if (head.status < 200) {
      at = end + 4
      continue
    }
    const body = readBody(bytes, end + 4, { ...head, method: methods[answers.length] ?? 'GET' })
    if (body === null) return { kind: 'answers', answers, rest: bytes.length - at }
    if (typeof body === 'string') return { kind: 'broken', why: body }
    answers.push({ ...head, body: body.bytes })
    at = body.end
  }
  return { kind: 'answers', answers, rest: 0 }
}

interface Head {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

function readHead(text: string): Head | string {
  const [first = '', ...lines] = text.split('\r\n')
  const status = STATUS_LINE.exec(first)?.[1]
  if (status === undefined) return `status line ${JSON.stringify(first.slice(0, 80))}`
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? []
    if (name === undefined || value === undefined)
      return `header line ${JSON.stringify(line.slice(0, 80))}`
    const lower = name.toLowerCase()
    if (headers.has(lower) && lower !== 'set-cookie') return `header ${lower} twice`
    headers.set(lower, value.trim())
  }
  if (headers.has('content-length') && headers.has('transfer-encoding')) return 'two lengths'
  return { status: Number(status), headers }
}

function readBody(
  bytes: Buffer,
  from: number,
  { method, status, headers }: Head & { readonly method: string },
): { readonly bytes: Buffer; readonly end: number } | string | null {
  if (method === 'HEAD' || status === 204 || status === 304)
    return { bytes: Buffer.alloc(0), end: from }
  const length = headers.get('content-length')
  if (length !== undefined) {
    if (!/^\d+$/.test(length)) return `content-length ${length}`
    const end = from + Number(length)
    return end > bytes.length ? null : { bytes: bytes.subarray(from, end), end }
  }
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes, from)
  return 'an answer without a length'
}

function readChunks(bytes: Buffer, from: number) {
  const parts: Buffer[] = []
  let at = from
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const sizeText = bytes.toString('latin1', at, lineEnd)
    if (!/^[0-9a-f]+$/i.test(sizeText)) return `chunk size ${JSON.stringify(sizeText.slice(0, 40))}`
    const size = Number.parseInt(sizeText, 16)
    const end = lineEnd + 2 + size
    if (end + 2 > bytes.length) return null
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') return 'a chunk without its end'
    if (size === 0) return { bytes: Buffer.concat(parts), end: end + 2 }
    parts.push(bytes.subarray(lineEnd + 2, end))
    at = end + 2
  }
}
