import { describe, expect, it } from 'vitest'
import { prepareBody } from './prepare-body.ts'
import { readEnvelope } from './read-envelope.ts'

const MESSAGES = '"messages":[{"role":"user","content":"\\u00e9 🙂 \\/"}]'

function prepare(body: string, upstreamModel = 'm', acceptsStreamOptions = true): string {
  const reading = readEnvelope(Buffer.from(body), 'chat')
  if (reading.kind === 'fault') throw new Error(reading.message)
  return prepareBody(reading.envelope, { upstreamModel, acceptsStreamOptions }).toString()
}

describe('prepareBody', () => {
  it('changes nothing when the provider calls the model the same and no stream is asked', () => {
    const body = ` {"model" : "m", ${MESSAGES}, "x":1e400, "y":0.10, "x":[ ] }\n`
    expect(prepare(body)).toBe(body)
  })

  it('changes nothing when the client asks for usage itself', () => {
    const body = `{"stream_options": {"include_usage" : true}, "stream":true,"model":"m",${MESSAGES}}`
    expect(prepare(body)).toBe(body)
  })

  it('writes the provider’s name of the model in place, every other byte kept', () => {
    const body = `{ "temperature":1.0,"model"\t: "alias\\u002fx" ,${MESSAGES},"seed":12345678901234567890}`
    const name = 'vendor/"quoted"\\x'
    expect(prepare(body, name)).toBe(body.replace('"alias\\u002fx"', JSON.stringify(name)))
  })

  it('asks for usage in a stream by an insertion at the front', () => {
    const body = ` { "stream":true,"model":"m",${MESSAGES}}`
    expect(prepare(body)).toBe(
      ` {"stream_options":{"include_usage":true}, "stream":true,"model":"m",${MESSAGES}}`,
    )
  })

  it.each([
    ['null', '{"include_usage":true}'],
    ['{}', '{"include_usage":true}'],
    ['{ }', '{"include_usage":true }'],
    ['{"include_usage":false}', '{"include_usage":true}'],
    ['{"include_usage" : null , "x":1}', '{"include_usage" : true , "x":1}'],
    ['{"include_obfuscation":false}', '{"include_usage":true,"include_obfuscation":false}'],
    ['{ "big":1e400,"y":"\\u00e9"}', '{"include_usage":true, "big":1e400,"y":"\\u00e9"}'],
  ])('asks for usage within stream_options: %s', (options, asked) => {
    const body = (value: string) =>
      `{"model":"m",${MESSAGES},"stream_options": ${value} ,"stream":true}`
    expect(prepare(body(options))).toBe(body(asked))
  })

  it('asks no provider for usage that does not take the question', () => {
    const body = `{"stream":true,"model":"m",${MESSAGES}}`
    expect(prepare(body, 'm', false)).toBe(body)
  })

  it('does both at once', () => {
    const body = `{"stream":true,"model":"m",${MESSAGES}}`
    expect(JSON.parse(prepare(body, 'other'))).toEqual({
      ...JSON.parse(body),
      model: 'other',
      stream_options: { include_usage: true },
    })
  })
})
