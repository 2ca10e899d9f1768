import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { smallModelPath } from '../../../tests/support/engine.ts'
import { splitGguf } from '../../../tests/support/split-gguf.ts'
import { inspectFile } from '../inspect-file.ts'

let folder = ''
const partPath = (part: number) => join(folder, `lion-0000${part}-of-00002.gguf`)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-split-'))
  const parts = splitGguf(readFileSync(smallModelPath))
  for (const [at, part] of parts.entries()) writeFileSync(partPath(at + 1), part)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a split model', () => {
  it('is one model by its first part, with the facts of all', async () => {
    const whole = await inspectFile(smallModelPath)
    const split = await inspectFile(partPath(1))
    expect(split.parameterCount).toBe(whole.parameterCount)
    expect(split.quantisation).toBe(whole.quantisation)
    expect(split.sizeBytes).toBeGreaterThanOrEqual(whole.sizeBytes)
    expect(split.sha256).not.toBe(whole.sha256)
    // The hash of a part is not that of the model.
    expect((await inspectFile(partPath(1), { sha256: 'ab' })).sha256).toBe(split.sha256)
  })

  it('is refused by another part, and where one is missing', async () => {
    await expect(inspectFile(partPath(2))).rejects.toMatchObject({
      code: 'engine_file_split',
      message: expect.stringContaining('Add the first, whose name ends in -00001-of-00002.gguf'),
    })
    rmSync(partPath(2))
    await expect(inspectFile(partPath(1))).rejects.toMatchObject({
      code: 'engine_file_split',
      message: expect.stringContaining('Part 2 of 2 of the model is missing'),
    })
  })
})
