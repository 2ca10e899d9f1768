import { describe, expect, it } from 'vitest'
import { checkRange } from './check-range.ts'
import { explainAnswer, pageUrlOf } from './explain-answer.ts'
import { fileRequest, repoRequests } from './hub-requests.ts'
import { hubsOf } from './known-hubs.ts'
import { RateMeter } from './measure-rate.ts'

const none = { endpoint: null, token: null }
const { hf, ms } = hubsOf({ hf: none, ms: none }, [])
const withToken = hubsOf(
  { hf: { endpoint: null, token: 't' }, ms: { endpoint: null, token: 't' } },
  [],
)
const source = { hub: 'hf', publisher: 'acme', repo: 'lion', wish: null } as const
const explain = (status: number, headers = {}, hub = hf) =>
  explainAnswer(hub, source, { status, headers, nowMs: 0 })

describe('what an answer of a hub means', () => {
  it.each([
    [401, 'hubs_access_refused', 'set HF_TOKEN, and start the market again'],
    [403, 'hubs_access_refused', 'do so at https://huggingface.co/acme/lion'],
    [404, 'hubs_not_found', 'Hugging Face has no acme/lion. Check the spelling'],
    [429, 'hubs_rate_limited', 'Try again in some minutes, or set HF_TOKEN'],
    [502, 'hubs_unreachable', 'set HF_ENDPOINT to a mirror'],
    [418, 'hubs_answer_invalid', 'is no hub (418)'],
  ])('%i is %s', (status, code, words) => {
    expect(explain(status)).toMatchObject({ code, message: expect.stringContaining(words) })
  })

  it('names the token where there is one that was refused', () => {
    expect(explain(403, {}, withToken.hf).message).toContain('refuses the token of HF_TOKEN')
  })

  it('passes on how long to wait', () => {
    expect(explain(429, { 'retry-after': '7' })).toMatchObject({ retryAfterSeconds: 7 })
    const date = new Date(9_000).toUTCString()
    expect(explain(429, { 'retry-after': date })).toMatchObject({ retryAfterSeconds: 9 })
    expect(explain(429, { 'retry-after': '-1' }).message).toContain('in some minutes')
  })
})

describe('questions to a hub', () => {
  it('go to the addresses of its API, with odd names encoded', () => {
    expect(repoRequests(hf, source)[0]?.url).toBe(
      'https://huggingface.co/api/models/acme/lion?blobs=true',
    )
    expect(pageUrlOf(ms, source)).toBe('https://www.modelscope.cn/models/acme/lion')
    const at = { publisher: 'acme', repo: 'lion', revision: 'master' }
    const file = { path: 'Q4 x/狮?#.gguf', sizeBytes: 1, sha256: null }
    expect(fileRequest(ms, at, file).url).toBe(
      'https://www.modelscope.cn/models/acme/lion/resolve/master/Q4%20x/%E7%8B%AE%3F%23.gguf',
    )
  })

  it('carry the token where there is one', () => {
    expect(repoRequests(hf, source)[0]?.headers).toEqual({ accept: 'application/json' })
    expect(repoRequests(withToken.ms, source)[1]?.headers).toMatchObject({
      authorization: 'Bearer t',
      cookie: 'm_session_id=t',
    })
  })
})

describe('an answer with a file or a part of one', () => {
  const check = (status: number, headers: Record<string, string>, have = 0) =>
    checkRange({ status, headers }, have, 100).kind

  it('is taken where its lengths are those of the file', () => {
    expect(check(200, {})).toBe('bytes')
    expect(check(200, { 'content-length': '100' }, 40)).toBe('bytes')
    expect(check(206, { 'content-range': 'bytes 40-99/100', 'content-length': '60' }, 40)).toBe(
      'bytes',
    )
  })

  it('is refused where they are not', () => {
    expect(check(200, { 'content-length': '60' }, 40)).toBe('wrong-length')
    expect(check(206, { 'content-range': 'bytes 40-99/101' }, 40)).toBe('wrong-length')
    expect(check(206, { 'content-range': 'bytes 40-99/100', 'content-length': '61' }, 40)).toBe(
      'wrong-length',
    )
  })

  it('is asked for anew where the part is another', () => {
    expect(check(206, { 'content-range': 'bytes 0-99/100' }, 40)).toBe('other-part')
    expect(check(206, {}, 40)).toBe('other-part')
    expect(check(416, {}, 40)).toBe('anew')
    expect(check(404, {})).toBe('other')
  })

  it('is none where a web page comes', () => {
    expect(check(200, { 'content-type': 'Text/HTML; charset=utf-8' })).toBe('page')
    expect(check(404, { 'content-type': 'text/html' })).toBe('other')
  })
})

describe('how fast it comes', () => {
  it('is the mean of the last seconds, and unknown where nothing came', () => {
    const meter = new RateMeter()
    expect(meter.bytesPerSecond(0)).toBeNull()
    for (let at = 0; at <= 10; at++) meter.note(at * 1_000, at * 1_000)
    expect(meter.bytesPerSecond(10_000)).toBe(1_000)
    expect(meter.bytesPerSecond(16_000)).toBeNull()
    meter.note(0, 20_000)
    expect(meter.bytesPerSecond(20_001)).toBeNull()
  })
})
