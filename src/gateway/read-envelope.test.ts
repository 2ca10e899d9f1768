import { describe, expect, it } from 'vitest'
import type { Operation } from '../metering/index.ts'
import { readEnvelope } from './read-envelope.ts'

const MESSAGES = '"messages":[{"role":"user","content":"hi"}]'

function read(body: string | Buffer, operation: Operation = 'chat') {
  return readEnvelope(Buffer.isBuffer(body) ? body : Buffer.from(body), operation)
}

function envelopeOf(body: string, operation: Operation = 'chat') {
  const reading = read(body, operation)
  if (reading.kind === 'fault') throw new Error(reading.message)
  return reading.envelope
}

describe('readEnvelope', () => {
  it('reads the model and where its value stands', () => {
    const body = `{${MESSAGES}, "model" : "a\\u002fb" }`
    const envelope = envelopeOf(body)
    expect(envelope.model).toBe('a/b')
    const { valueStart, valueEnd } = envelope.modelMember
    expect(body.slice(valueStart, valueEnd)).toBe('"a\\u002fb"')
  })

  it.each([
    ['no stream', '', false, false],
    ['stream false', ',"stream":false', false, false],
    ['stream null', ',"stream":null', false, false],
    ['stream alone', ',"stream":true', true, false],
    ['options null', ',"stream":true,"stream_options":null', true, false],
    ['options without usage', ',"stream":true,"stream_options":{}', true, false],
    ['usage asked', ',"stream":true,"stream_options":{"include_usage":true}', true, true],
    ['usage declined', ',"stream":true,"stream_options":{"include_usage":false}', true, false],
    ['usage null', ',"stream":true,"stream_options":{"include_usage":null}', true, false],
    ['options without a stream', ',"stream_options":{"include_usage":true}', false, false],
  ])('tells what kind of answer is wanted: %s', (_name, more, isStream, wantsUsage) => {
    expect(envelopeOf(`{"model":"m",${MESSAGES}${more}}`)).toMatchObject({ isStream, wantsUsage })
  })

  it('never streams embeddings', () => {
    const envelope = envelopeOf('{"model":"m","input":"x","stream":true}', 'embeddings')
    expect(envelope).toMatchObject({ isStream: false })
  })

  it.each<[Operation, string]>([
    ['completions', '"prompt":""'],
    ['completions', '"prompt":["a","b"]'],
    ['completions', '"prompt":[1,2,3]'],
    ['embeddings', '"input":"a"'],
    ['embeddings', '"input":[[1,2],[3]]'],
  ])('takes the inputs of %s: %s', (operation, input) => {
    expect(read(`{"model":"m",${input}}`, operation).kind).toBe('envelope')
  })

  const faults: [string, string, string, string | null][] = [
    ['an empty body', '', 'not-json', null],
    ['space alone', ' \n', 'not-json', null],
    ['text that is no JSON', 'model=m', 'not-json', null],
    ['a list', '[]', 'not-json', null],
    ['a cut object', `{"model":"m",${MESSAGES}`, 'not-json', null],
    ['something after the object', `{"model":"m",${MESSAGES}} x`, 'not-json', null],
    ['a trailing comma', `{"model":"m",${MESSAGES},}`, 'not-json', null],
    ['single quotes', `{'model':'m',${MESSAGES}}`, 'not-json', null],
    ['NaN', `{"model":"m",${MESSAGES},"temperature":NaN}`, 'not-json', null],
    ['a raw NUL in a text', `{"model":"m\u0000",${MESSAGES}}`, 'not-json', null],
    ['NUL after the object', `{"model":"m",${MESSAGES}}\u0000`, 'not-json', null],
    ['a byte order mark', `\ufeff{"model":"m",${MESSAGES}}`, 'not-json', null],
    ['brackets that do not match', `{"model":"m",${MESSAGES},"x":[}}`, 'not-json', null],
    ['no model', `{${MESSAGES}}`, 'missing', 'model'],
    ['an empty model', `{"model":"",${MESSAGES}}`, 'wrong-type', 'model'],
    ['a model that is a number', `{"model":1,${MESSAGES}}`, 'wrong-type', 'model'],
    ['a model that is null', `{"model":null,${MESSAGES}}`, 'wrong-type', 'model'],
    ['a model that is a list', `{"model":["m"],${MESSAGES}}`, 'wrong-type', 'model'],
    ['no messages', '{"model":"m"}', 'missing', 'messages'],
    ['empty messages', '{"model":"m","messages":[ \n ]}', 'empty', 'messages'],
    ['nothing but space', `{"model":"m","messages":[${' '.repeat(200)}]}`, 'empty', 'messages'],
    ['messages as text', '{"model":"m","messages":"hi"}', 'wrong-type', 'messages'],
    ['messages as null', '{"model":"m","messages":null}', 'wrong-type', 'messages'],
    ['stream as text', `{"model":"m",${MESSAGES},"stream":"true"}`, 'wrong-type', 'stream'],
    ['stream as 1', `{"model":"m",${MESSAGES},"stream":1}`, 'wrong-type', 'stream'],
    [
      'options as a list',
      `{"model":"m",${MESSAGES},"stream":true,"stream_options":[]}`,
      'wrong-type',
      'stream_options',
    ],
    [
      'include_usage as text',
      `{"model":"m",${MESSAGES},"stream":true,"stream_options":{"include_usage":"yes"}}`,
      'wrong-type',
      'stream_options.include_usage',
    ],
    ['the model twice', `{"model":"a",${MESSAGES},"model":"b"}`, 'duplicate', 'model'],
    [
      'the model twice, once in disguise',
      `{"model":"a",${MESSAGES},"m\\u006fdel":"b"}`,
      'duplicate',
      'model',
    ],
    ['messages twice', `{"model":"a",${MESSAGES},${MESSAGES}}`, 'duplicate', 'messages'],
    [
      'stream twice',
      `{"stream":false,"model":"a",${MESSAGES},"stream":true}`,
      'duplicate',
      'stream',
    ],
    [
      'include_usage twice',
      `{"model":"m",${MESSAGES},"stream":true,"stream_options":{"include_usage":false,"includ\\u0065_usage":true}}`,
      'duplicate',
      'stream_options.include_usage',
    ],
  ]
  it.each(faults)('refuses %s', (_name, body, reason, param) => {
    expect(read(body)).toMatchObject({ kind: 'fault', reason, param })
  })

  it('lets a key that nobody acts on be there twice', () => {
    expect(read(`{"model":"m",${MESSAGES},"user":"a","user":"b"}`).kind).toBe('envelope')
  })

  it.each<[string, Operation, string, string]>([
    ['no prompt', 'completions', '', 'missing'],
    ['a prompt that is a number', 'completions', ',"prompt":1', 'wrong-type'],
    ['no input', 'embeddings', '', 'missing'],
    ['an empty text', 'embeddings', ',"input":""', 'empty'],
    ['an empty list', 'embeddings', ',"input":[]', 'empty'],
    ['an object', 'embeddings', ',"input":{}', 'wrong-type'],
  ])('refuses %s', (_name, operation, more, reason) => {
    expect(read(`{"model":"m"${more}}`, operation)).toMatchObject({ kind: 'fault', reason })
  })

  it('refuses broken UTF-8', () => {
    const body = Buffer.from(`{"model":"m",${MESSAGES}}`)
    body[10] = 0xff
    expect(read(body)).toMatchObject({
      reason: 'not-json',
      message: expect.stringMatching(/UTF-8/),
    })
  })

  it('takes 100 containers within one another and refuses 101', () => {
    const nested = (depth: number) =>
      `{"model":"m",${MESSAGES},"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    expect(read(nested(100)).kind).toBe('envelope')
    expect(read(nested(101))).toMatchObject({ reason: 'too-deep' })
  })

  it.each([
    ['a model', (value: string) => `{"model":${value},${MESSAGES}}`, 'model'],
    ['a stream', (value: string) => `{"model":"m",${MESSAGES},"stream":${value}}`, 'stream'],
    [
      'an include_usage',
      (value: string) =>
        `{"model":"m",${MESSAGES},"stream":true,"stream_options":{"include_usage":${value}}}`,
      'stream_options',
    ],
  ])('refuses %s of megabytes', (_name, bodyOf, param) => {
    for (const value of [`[${'{},'.repeat(300_000)}0]`, `"${'x'.repeat(3_000_000)}"`]) {
      expect(read(bodyOf(value))).toMatchObject({ reason: 'wrong-type', param })
    }
  })

  it('reads a message of 10 MB in a fraction of a second', () => {
    const content = 'naïve "quoted" text\\n '.replaceAll('"', '\\"').repeat(450_000)
    const body = Buffer.from(
      `{"messages":[{"role":"user","content":"${content}"}],"model":"m","stream":true}`,
    )
    expect(body.length).toBeGreaterThan(10_000_000)
    const startedMs = performance.now()
    expect(read(body)).toMatchObject({ envelope: { model: 'm', isStream: true } })
    expect(performance.now() - startedMs).toBeLessThan(1_500)
  })
})
