import { describe, expect, it } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { PassedError, StreamedAnswer } from './streamed-answer.ts'

const ROLE = event('{"id":"chatcmpl-1","choices":[{"delta":{"role":"assistant","content":""}}]}')
const TEXT = event('{"id":"chatcmpl-1","choices":[{"delta":{"content":"hello"}}]}')
const FINISH = event('{"id":"chatcmpl-1","choices":[{"delta":{},"finish_reason":"stop"}]}')
const USAGE = event('{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}')
const ERROR = event('{"error":{"message":"it fell over","code":503}}')
const DONE = event('[DONE]')
const NOTE = ': keep-alive\n\n'

function event(data: string): string {
  return `data: ${data}\n\n`
}

/** What became of a stream that came in these pieces. `ends`: the upstream has closed. */
function play(
  pieces: readonly (string | Buffer)[],
  options: { wantsUsage?: boolean; ends?: boolean } = {},
) {
  const written: string[] = []
  const ends: { how: string; held?: string; error?: Error; status?: number; body?: string }[] = []
  const answer = new StreamedAnswer({
    wantsUsage: options.wantsUsage ?? false,
    write: (bytes) => written.push(bytes.toString()),
    complete: (held) => ends.push({ how: 'complete', held: held.toString() }),
    fail: (error) => ends.push({ how: 'fail', error }),
    failFirst: (body, status) => ends.push({ how: 'failFirst', body: body.toString(), status }),
  })
  for (const piece of pieces) answer.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
  if (options.ends ?? true) answer.end()
  return { answer, written: written.join(''), ends, writes: written.length }
}

/** The same text at once and byte by byte: the outcome must be the same. */
const cuts = [
  ['at once', (text: string) => [text]],
  [
    'byte by byte',
    (text: string) => [...Buffer.from(text)].map((byte) => String.fromCharCode(byte)),
  ],
] as const

describe.each(cuts)('StreamedAnswer, read %s', (_name, cut) => {
  it('passes everything on, holds [DONE] back and ends once', () => {
    const { answer, written, ends } = play(cut(ROLE + TEXT + FINISH + USAGE + DONE))
    expect(written).toBe(ROLE + TEXT + FINISH)
    expect(ends).toEqual([{ how: 'complete', held: DONE }])
    expect(answer).toMatchObject({
      usage: { prompt_tokens: 3, completion_tokens: 1 },
      upstreamId: 'chatcmpl-1',
      deltaCount: 1,
      textBytes: 5,
    })
  })

  it('has not answered when [DONE] is all it says', () => {
    for (const said of [DONE, NOTE + DONE]) {
      const { written, ends } = play(cut(said))
      expect(written).toBe('')
      expect(ends).toMatchObject([{ how: 'fail', error: { code: 'gateway_upstream_ended_early' } }])
    }
  })

  it('completes at [DONE], whether or not the upstream closes', () => {
    const { ends } = play(cut(TEXT + FINISH + DONE), { ends: false })
    expect(ends).toEqual([{ how: 'complete', held: DONE }])
  })

  it('passes the usage chunk on to a client that asked', () => {
    const { written } = play(cut(TEXT + FINISH + USAGE + DONE), { wantsUsage: true })
    expect(written).toBe(TEXT + FINISH + USAGE)
  })

  it('takes nothing after [DONE]', () => {
    const { written, ends } = play(cut(TEXT + DONE + TEXT + ERROR + DONE))
    expect(written).toBe(TEXT)
    expect(ends).toEqual([{ how: 'complete', held: DONE }])
  })

  it('takes a stream without [DONE] as whole when a choice has finished', () => {
    const { written, ends } = play(cut(TEXT + FINISH + USAGE))
    expect(written).toBe(TEXT + FINISH)
    expect(ends).toEqual([{ how: 'complete', held: '' }])
  })

  it('knows [DONE] without its blank line', () => {
    const { ends } = play(cut(`${TEXT}${FINISH}data: [DONE]`))
    expect(ends).toEqual([{ how: 'complete', held: 'data: [DONE]' }])
  })

  it('gives a last event the blank line it lacks', () => {
    const { written, ends } = play(cut(TEXT + FINISH.trimEnd()))
    expect(written).toBe(TEXT + FINISH)
    expect(ends).toEqual([{ how: 'complete', held: '' }])
  })

  it('fails when it ends in the middle', () => {
    const { written, ends } = play(cut(ROLE + TEXT))
    expect(written).toBe(ROLE + TEXT)
    expect(ends).toEqual([{ how: 'fail', error: expect.any(Refusal) }])
    expect(ends[0]?.error).toMatchObject({ code: 'gateway_upstream_ended_early' })
  })

  it('drops an event that the end has cut, so that an error event can follow', () => {
    const { written, ends } = play(cut(TEXT + TEXT.slice(0, 30)))
    expect(written).toBe(TEXT)
    expect(ends).toMatchObject([{ how: 'fail' }])
  })

  it('fails when nothing came at all', () => {
    expect(play([]).ends).toMatchObject([{ how: 'fail' }])
    expect(play(cut(NOTE + NOTE)).ends).toMatchObject([{ how: 'fail' }])
  })

  it('turns an error that comes first into a status, comments or not', () => {
    for (const before of ['', NOTE]) {
      const { written, ends } = play(cut(before + ERROR + DONE))
      expect(written).toBe('')
      expect(ends).toEqual([
        { how: 'failFirst', status: 503, body: '{"error":{"message":"it fell over","code":503}}' },
      ])
    }
  })

  it('passes an error in the middle on as it came, with what stood before it', () => {
    const { written, ends } = play(cut(TEXT + ERROR + DONE))
    expect(written).toBe(TEXT)
    expect(ends).toEqual([{ how: 'fail', error: expect.any(PassedError) }])
    expect(ends[0]?.error instanceof PassedError && ends[0].error.event.toString()).toBe(ERROR)
  })

  it('has no status left for an error once a usage chunk was passed on', () => {
    const { written, ends } = play(cut(USAGE + ERROR), { wantsUsage: true })
    expect(written).toBe(USAGE)
    expect(ends).toMatchObject([{ how: 'fail' }])
  })

  it.each([
    ['an error', ERROR, 'failFirst'],
    ['the end', '', 'fail'],
  ])('has written nothing when %s comes after roles alone', (_name, next, how) => {
    const { written, ends } = play(cut(ROLE + ROLE + next))
    expect(written).toBe('')
    expect(ends).toMatchObject([{ how }])
  })

  it('lets roles wait for the first content, tool call, finish or [DONE]', () => {
    const call = event('{"choices":[{"delta":{"role":"assistant","tool_calls":[{"index":0}]}}]}')
    for (const first of [TEXT, FINISH, call]) {
      expect(play(cut(ROLE + first), { ends: false }).written).toBe(ROLE + first)
    }
    expect(play(cut(ROLE), { ends: false }).written).toBe('')
    expect(play(cut(ROLE + DONE))).toMatchObject({ written: ROLE, ends: [{ how: 'complete' }] })
  })

  it('does not wait for ever with a server that says the role in everything', () => {
    const unknown = event('{"choices":[{"delta":{"role":"assistant","new_field":"text"}}]}')
    expect(play(cut(unknown.repeat(17)), { ends: false }).written).toBe(unknown.repeat(17))
  })

  it('keeps an error about the market’s own key in the house', () => {
    for (const error of ['{"code":"insufficient_quota"}', '{"code":401}']) {
      const { ends } = play(cut(event(`{"error":${error}}`)))
      expect(ends).toMatchObject([{ how: 'fail', error: { code: 'gateway_upstream_refused_us' } }])
    }
  })

  it('passes comments on once the answer has begun', () => {
    const { written } = play(cut(NOTE + TEXT + NOTE + FINISH + DONE))
    expect(written).toBe(TEXT + NOTE + FINISH)
  })

  it('keeps the latest of a running usage', () => {
    const running = (count: number) =>
      event(`{"choices":[{"delta":{"content":"x"}}],"usage":{"completion_tokens":${count}}}`)
    const { answer } = play(cut(running(1) + running(2)), { ends: false })
    expect(answer.usage).toEqual({ completion_tokens: 2 })
  })
})

describe('StreamedAnswer', () => {
  it('writes the events of one chunk in one go', () => {
    expect(play([ROLE + TEXT + TEXT + FINISH + DONE]).writes).toBe(1)
  })

  it('takes no id that could not be kept', () => {
    const id = (value: string) => play([event(`{"id":${value},"choices":[]}`)]).answer.upstreamId
    expect(id('"ok-1"')).toBe('ok-1')
    expect(id('7')).toBeNull()
    expect(id('""')).toBeNull()
    expect(id('"a\\u0000b\\n你"')).toBe('ab')
    expect(id(`"${'x'.repeat(500)}"`)).toHaveLength(200)
  })

  it('gives up on an event that grows without an end', () => {
    const block = Buffer.alloc(8 * 1024 * 1024, 0x78).toString()
    const { ends } = play([`data: ${block}`, ...Array.from({ length: 8 }, () => block), DONE])
    expect(ends).toMatchObject([{ how: 'fail', error: { code: 'gateway_upstream_failed' } }])
  })
})

it.each([1, 3, 1_000])(
  'StreamedAnswer looks past a byte order mark, %d bytes at a time',
  (size) => {
    const bytes = Buffer.from(`\ufeff${TEXT}${FINISH}${DONE}`)
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    const { answer, written, ends } = play(pieces)
    expect(ends).toEqual([{ how: 'complete', held: DONE }])
    expect(answer).toMatchObject({ deltaCount: 1, textBytes: 5, upstreamId: 'chatcmpl-1' })
    expect(written).toBe(`\ufeff${TEXT}${FINISH}`)
  },
)
