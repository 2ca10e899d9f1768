import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/catalog/index.ts'
import { isJsonObject, type JsonObject } from '../../src/kernel/index.ts'
import { openProviders, type Providers } from '../../src/providers/index.ts'
import { collect, eventsOf, jsonOf, streamedText } from './collect.ts'

/** An upstream under test, opened before the suite and closed after it. */
export interface ContractSubject {
  readonly endpoint: Endpoint
  /** A chat model it serves. */
  readonly model: string
  /** A model for `/completions`; null: it serves none. */
  readonly completionModel: string | null
  /** Null: it serves no embeddings. */
  readonly embeddingModel: string | null
  /** A name it answers 404 to. */
  readonly unknownModel: string
  close(): Promise<void>
}

/**
 * What every provider of the OpenAI dialect does when it is asked by `Providers.dispatch`: the
 * adapter's part and the server's. Run against the scripted upstream, the engine's socket, and any
 * real server that is at hand.
 */
export function describeProviderContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`the provider contract, by ${name}`, () => {
    const shared: { subject?: ContractSubject; providers?: Providers } = {}
    beforeAll(async () => {
      shared.subject = await open()
      shared.providers = openProviders()
    })
    afterAll(async () => {
      await shared.subject?.close()
      await shared.providers?.close()
    })
    const scene = (): Scene => {
      if (shared.subject === undefined || shared.providers === undefined)
        throw new Error('not open')
      return { ...shared.subject, providers: shared.providers }
    }
    answersWhole(scene)
    answersStreamed(scene)
    answersOtherOperations(scene)
    refusesAndStops(scene)
  })
}

type Scene = ContractSubject & { readonly providers: Providers }

const MESSAGES = [{ role: 'user', content: '17 + 25 =' }]

function answersWhole(scene: () => Scene): void {
  it('lists its models, the one it is asked for among them', async () => {
    const { providers, endpoint, model } = scene()
    const models = await providers.listModels(endpoint)
    expect(models.map((each) => each.id)).toContain(model)
  })

  it('answers a chat in one JSON body: text, finish reason, usage that adds up', async () => {
    const { providers, endpoint, model } = scene()
    const answer = await collect(providers, endpoint, { model, messages: MESSAGES }).done
    expect([answer.status, answer.errorCode]).toEqual([200, null])
    expect(String(answer.headers['content-type'])).toContain('application/json')
    const body = jsonOf(answer.body)
    const [choice] = choicesOf(body)
    expect(body.object).toBe('chat.completion')
    expect(isJsonObject(choice?.message) && typeof choice.message.content).toBe('string')
    expect(typeof choice?.finish_reason).toBe('string')
    expectUsage(body)
  })

  it('stays below max_tokens', async () => {
    const { providers, endpoint, model } = scene()
    const request = { model, messages: MESSAGES, max_tokens: 2 }
    const body = jsonOf((await collect(providers, endpoint, request).done).body)
    expect(expectUsage(body).output).toBeLessThanOrEqual(2)
  })

  it('answers eight requests at once', async () => {
    const { providers, endpoint, model } = scene()
    const request = { model, messages: MESSAGES, max_tokens: 4 }
    const all = Array.from({ length: 8 }, () => collect(providers, endpoint, request).done)
    const statuses = (await Promise.all(all)).map((answer) => answer.status)
    expect(statuses).toEqual(Array(8).fill(200))
  })
}

function answersStreamed(scene: () => Scene): void {
  it('streams a chat in events up to [DONE], usage in the last one when asked', async () => {
    const { providers, endpoint, model } = scene()
    const request = {
      model,
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    }
    const answer = await collect(providers, endpoint, request).done
    expect([answer.status, answer.errorCode]).toEqual([200, null])
    expect(String(answer.headers['content-type'])).toContain('text/event-stream')
    const { chunks, isDone } = eventsOf(answer.body)
    expect(isDone).toBe(true)
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
    const reasons = chunks.flatMap(choicesOf).map((choice) => choice.finish_reason)
    expect(reasons.filter((reason) => typeof reason === 'string')).toHaveLength(1)
    expectUsage(chunks.at(-1) ?? {})
  })

  it('says the same streamed as whole', async () => {
    const { providers, endpoint, model } = scene()
    const request = { model, messages: MESSAGES, temperature: 0, seed: 7 }
    const whole = jsonOf((await collect(providers, endpoint, request).done).body)
    const streamed = await collect(providers, endpoint, { ...request, stream: true }).done
    const message = choicesOf(whole)[0]?.message
    const text = isJsonObject(message) ? message.content : undefined
    expect(streamedText(eventsOf(streamed.body).chunks)).toBe(text)
  })

  it('loses nothing when the reader pauses after every chunk', async () => {
    const { providers, endpoint, model } = scene()
    const request = { model, messages: MESSAGES, temperature: 0, seed: 7, stream: true }
    const plain = await collect(providers, endpoint, request).done
    const paused = await collect(providers, endpoint, request, {
      onData(control) {
        control.pause()
        setTimeout(() => control.resume(), 1)
      },
    }).done
    expect(paused.errorCode).toBeNull()
    expect(streamedText(eventsOf(paused.body).chunks)).toBe(
      streamedText(eventsOf(plain.body).chunks),
    )
  })
}

function answersOtherOperations(scene: () => Scene): void {
  it('completes a text, where it serves completions', async (context) => {
    const { providers, endpoint, completionModel } = scene()
    if (completionModel === null) return context.skip()
    const request = { model: completionModel, prompt: '1 2 3', max_tokens: 4 }
    const answer = await collect(providers, endpoint, request, { operation: 'completions' }).done
    const body = jsonOf(answer.body)
    expect(typeof choicesOf(body)[0]?.text).toBe('string')
    expectUsage(body)
  })

  it('embeds texts alike as numbers and as base64, where it serves embeddings', async (context) => {
    const { providers, endpoint, embeddingModel } = scene()
    if (embeddingModel === null) return context.skip()
    const request = { model: embeddingModel, input: ['one', 'two'] }
    const ask = (format: string): Promise<number[][]> =>
      collect(
        providers,
        endpoint,
        { ...request, encoding_format: format },
        { operation: 'embeddings' },
      ).done.then((answer) => vectorsOf(jsonOf(answer.body)))
    const [floats, decoded] = await Promise.all([ask('float'), ask('base64')])
    expect(floats).toHaveLength(2)
    expect(decoded).toHaveLength(2)
    for (const [i, vector] of floats.entries()) {
      expect(decoded[i]).toHaveLength(vector.length)
      for (const [j, value] of vector.entries()) expect(decoded[i]?.[j]).toBeCloseTo(value, 4)
    }
  })
}

function refusesAndStops(scene: () => Scene): void {
  it('answers 404 in the dialect to a model that it does not have', async () => {
    const { providers, endpoint, unknownModel } = scene()
    const request = { model: unknownModel, messages: MESSAGES }
    const answer = await collect(providers, endpoint, request).done
    expect(answer.status).toBe(404)
    expect(errorOf(jsonOf(answer.body))).toMatchObject({ message: expect.any(String) })
  })

  it('answers 400 in the dialect to a body that is not JSON', async () => {
    const { providers, endpoint } = scene()
    const answer = await collect(providers, endpoint, Buffer.from('{"model":')).done
    expect(answer.status).toBe(400)
    expect(errorOf(jsonOf(answer.body))).toMatchObject({ message: expect.any(String) })
  })

  it('ends once as aborted, before its first byte or in the middle, and serves on', async () => {
    const { providers, endpoint, model } = scene()
    const request = { model, messages: MESSAGES, stream: true }
    const early = collect(providers, endpoint, request)
    early.abort()
    expect((await early.done).errorCode).toBe('providers_aborted')
    const middle = await collect(providers, endpoint, request, {
      onData: (_control, _chunk, abort) => abort(),
    }).done
    expect(middle.errorCode).toBe('providers_aborted')
    const next = await collect(providers, endpoint, request).done
    expect([next.status, next.errorCode]).toEqual([200, null])
  })
}

function choicesOf(body: JsonObject): JsonObject[] {
  return Array.isArray(body.choices) ? body.choices.filter(isJsonObject) : []
}

function errorOf(body: JsonObject): unknown {
  return body.error
}

function expectUsage(body: JsonObject): { output: number } {
  const usage = isJsonObject(body.usage) ? body.usage : {}
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage
  expect(input).toBeGreaterThan(0)
  expect(output).toBeGreaterThanOrEqual(0)
  expect(total).toBe(Number(input) + Number(output))
  return { output: Number(output) }
}

function vectorsOf(body: JsonObject): number[][] {
  const data = Array.isArray(body.data) ? body.data.filter(isJsonObject) : []
  return data.map(({ embedding }) => {
    if (typeof embedding !== 'string') return Array.isArray(embedding) ? embedding.map(Number) : []
    const bytes = Buffer.from(embedding, 'base64')
    return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
  })
}
