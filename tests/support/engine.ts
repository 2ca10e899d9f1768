import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { Agent, request, fetch as undiciFetch } from 'undici'
import { type Engine, type EngineLimits, openEngine } from '../../src/engine/index.ts'
import { silentLog } from '../../src/kernel/index.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
export const engineFolder = join(root, 'engine')
export const childPath = join(root, 'src', 'engine', 'child', 'main.ts')
/** Real weights, small enough to answer in milliseconds. */
export const smallModelPath = join(root, 'models', 'abacus-small.gguf')
export const SMALL = 'baimo/abacus-small'

export interface TestEngine {
  readonly engine: Engine
  /** The official client, on the engine's socket. */
  readonly client: OpenAI
  readonly dispatcher: Agent
  readonly folder: string
  post(
    path: string,
    body: unknown,
  ): Promise<{ status: number; headers: Record<string, unknown>; text: string; json(): Json }>
  close(): Promise<void>
}
/** What an answer parses to: tests read what they expect of it and fail where it is not there. */
export type Json = ReturnType<typeof JSON.parse>

/** An engine of its own in a temporary folder, ready, with the small house model registered. */
export async function openTestEngine(limits: Partial<EngineLimits> = {}): Promise<TestEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'baimo-engine-'))
  const engine = openEngine({ engineFolder, childPath, runFolder: folder, log: silentLog, limits })
  engine.register({ name: SMALL, path: smallModelPath })
  await engine.whenReady()
  const dispatcher = new Agent({ connect: { socketPath: engine.socketPath }, pipelining: 1 })
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://engine/v1',
    maxRetries: 0,
    fetch: (url, init) =>
      undiciFetch(
        url as string,
        { ...init, dispatcher } as Parameters<typeof undiciFetch>[1],
      ) as unknown as Promise<Response>,
  })
  return {
    engine,
    client,
    dispatcher,
    folder,
    async post(path, body) {
      const answer = await request(`http://engine${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        dispatcher,
      })
      const text = await answer.body.text()
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        json: () => JSON.parse(text),
      }
    },
    async close() {
      await engine.close()
      await dispatcher.destroy()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const ask = (content: string, more: Record<string, unknown> = {}) => ({
  model: SMALL,
  messages: [{ role: 'user' as const, content }],
  temperature: 0,
  ...more,
})

/** A form that takes the model long to fill: for tests that need an answer to be under way. */
export const longAnswer = {
  response_format: {
    type: 'json_schema' as const,
    json_schema: { name: 'long', schema: { type: 'string', minLength: 160 } },
  },
}

/** Waits until `isTrue`, looking every few milliseconds. */
export async function until(isTrue: () => boolean, limitMs = 5_000): Promise<number> {
  const startedMs = performance.now()
  while (!isTrue()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not so within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return performance.now() - startedMs
}

/**
 * The small model with another chat template: the same real weights, as a model of another family
 * would come. Spaces fill the template up so that the weights stay where they are aligned.
 */
export function withTemplate(template: string): Buffer {
  const weights = readFileSync(smallModelPath)
  const key = Buffer.from('tokenizer.chat_template')
  const lengthAt = weights.indexOf(key) + key.length + 4
  const oldLength = Number(weights.readBigUInt64LE(lengthAt))
  const bytes = Buffer.byteLength(template)
  const fill = (((oldLength - bytes) % 32) + 32) % 32
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes + fill))
  return Buffer.concat([
    weights.subarray(0, lengthAt),
    length,
    Buffer.from(template + ' '.repeat(fill)),
    weights.subarray(lengthAt + 8 + oldLength),
  ])
}
