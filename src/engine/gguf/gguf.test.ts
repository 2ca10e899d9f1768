import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { smallModelPath } from '../../../tests/support/engine.ts'
import { inspectFile } from '../inspect-file.ts'
import { describeGguf } from './describe-gguf.ts'
import { parseGguf } from './parse-gguf.ts'
import { fileTypeLabels, tensorPackings } from './tensor-types.ts'

const folder = mkdtempSync(join(tmpdir(), 'baimo-gguf-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const weights = readFileSync(smallModelPath)

function fileOf(name: string, bytes: Buffer | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** Writes small headers by hand: what no converter would make. */
function header(parts: {
  version?: number
  tensors?: number | bigint
  entries?: number | bigint
  body?: Buffer
}) {
  const bytes = Buffer.alloc(24)
  bytes.write('GGUF')
  bytes.writeUInt32LE(parts.version ?? 3, 4)
  bytes.writeBigUInt64LE(BigInt(parts.tensors ?? 0), 8)
  bytes.writeBigUInt64LE(BigInt(parts.entries ?? 0), 16)
  return Buffer.concat([bytes, parts.body ?? Buffer.alloc(64)])
}
const text = (value: string) => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(value)))
  return Buffer.concat([length, Buffer.from(value)])
}
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
const entry = (key: string, type: number, value: Buffer) =>
  Buffer.concat([text(key), u32(type), value])
const parse = (bytes: Buffer) => parseGguf(bytes, { fileBytes: bytes.length })

describe('the facts of a model file', () => {
  it('are read out of real weights, with the hash of the whole file', async () => {
    const progress: number[] = []
    const facts = await inspectFile(smallModelPath, {
      onProgress: (done) => progress.push(done),
    })
    expect(facts).toMatchObject({
      architecture: 'llama',
      quantisation: 'F16',
      hasChatTemplate: true,
      kind: 'chat',
      licence: 'apache-2.0',
      sizeBytes: weights.length,
      sha256: createHash('sha256').update(weights).digest('hex'),
    })
    expect(facts.parameterCount).toBeGreaterThan(250_000)
    expect(facts.parameterCount * 2).toBeLessThan(weights.length)
    expect(progress.at(-1)).toBe(weights.length)
  })

  it('tell active parameters of a mixture of experts from all', () => {
    const tensor = (name: string, elements: number) =>
      Buffer.concat([text(name), u32(1), u64(elements), u32(0), u64(0)])
    const body = Buffer.concat([
      entry('general.architecture', 8, text('qwen3moe')),
      entry('qwen3moe.expert_count', 4, u32(8)),
      entry('qwen3moe.expert_used_count', 4, u32(2)),
      tensor('blk.0.ffn_up_exps.weight', 800),
      tensor('blk.0.attn_q.weight', 100),
      Buffer.alloc(4_096),
    ])
    const parsed = parse(header({ entries: 3, tensors: 2, body }))
    expect(parsed && describeGguf(parsed)).toMatchObject({
      parameterCount: 900,
      activeParameterCount: 300,
      quantisation: 'F32',
      contextTokens: null,
      kind: 'completion',
      licence: null,
    })
  })

  it('call an encoder an embedding model', () => {
    const body = Buffer.concat([
      entry('general.architecture', 8, text('bert')),
      entry('bert.pooling_type', 4, u32(1)),
      Buffer.alloc(64),
    ])
    const parsed = parse(header({ entries: 2, body }))
    expect(parsed && describeGguf(parsed).kind).toBe('embedding')
  })
})

describe('a file that is no whole model', () => {
  const refusal = (path: string) =>
    inspectFile(path).then(
      () => null,
      (e: unknown) => e,
    )

  it.each([
    ['cut in half', weights.subarray(0, weights.length / 2), 'engine_file_truncated'],
    ['short of one byte', weights.subarray(0, -1), 'engine_file_truncated'],
    ['cut in its header', weights.subarray(0, 500), 'engine_file_truncated'],
    ['a text', 'Once upon a time\n', 'engine_file_not_gguf'],
    ['empty', '', 'engine_file_not_gguf'],
    ['of a version to come', header({ version: 99 }), 'engine_file_version'],
    ['full of tensors', header({ tensors: 2n ** 40n }), 'engine_file_damaged'],
    ['full of metadata', header({ entries: 2n ** 40n }), 'engine_file_damaged'],
    ['beyond any number', header({ entries: 2n ** 63n }), 'engine_file_damaged'],
    [
      'of an unknown type',
      header({ entries: 1, body: entry('x', 77, u32(0)) }),
      'engine_file_damaged',
    ],
    [
      'with an endless array',
      header({ entries: 1, body: entry('x', 9, Buffer.concat([u32(8), u64(2n ** 50n)])) }),
      'engine_file_damaged',
    ],
    [
      'with a name without end',
      header({ entries: 1, body: u64(2n ** 40n) }),
      'engine_file_damaged',
    ],
  ])('is refused in one line when it is %s', async (name, bytes, code) => {
    const error = await refusal(fileOf(`${name}.gguf`, bytes))
    expect(error).toMatchObject({ code })
    expect((error as Error).message).not.toContain('\n')
  })

  it('is refused when it is missing, a folder, or a part of a split model', async () => {
    expect(await refusal(join(folder, 'none.gguf'))).toMatchObject({ code: 'engine_file_missing' })
    expect(await refusal(folder)).toMatchObject({ code: 'engine_file_not_gguf' })
    const body = Buffer.concat([entry('split.count', 4, u32(3)), Buffer.alloc(64)])
    const part = fileOf('part.gguf', header({ entries: 1, body }))
    expect(await refusal(part)).toMatchObject({ code: 'engine_file_split' })
  })

  it('never reads beyond the bytes at hand', () => {
    for (let length = 4; length < 2_000; length += 7)
      expect(parseGguf(weights.subarray(0, length), { fileBytes: weights.length })).toBeUndefined()
  })
})

describe('the tables of types', () => {
  it('know the packings of common quantisations', () => {
    expect(tensorPackings.get(12)).toEqual({ name: 'Q4_K', elements: 256, bytes: 144 })
    expect(fileTypeLabels.get(15)).toBe('Q4_K_M')
  })
})
