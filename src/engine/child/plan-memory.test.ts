import { describe, expect, it } from 'vitest'
import { planMemory } from './plan-memory.ts'

const gibibyte = 1_073_741_824
const need = { weightBytes: gibibyte, cacheBytesPerToken: 65_536, trainedTokens: 32_768 }
const bounds = { memoryBytes: 16 * gibibyte, sequences: 4, contextTokens: 8_192 }

describe('the memory of a model', () => {
  it('gives the full context and all sequences where they are a small part', () => {
    const plenty = { ...bounds, memoryBytes: 64 * gibibyte }
    expect(planMemory(need, plenty)).toMatchObject({ contextTokens: 8_192, sequences: 4 })
  })

  it('never gives more context than the model was trained for', () => {
    expect(planMemory({ ...need, trainedTokens: 512 }, bounds)?.contextTokens).toBe(512)
  })

  it('gives up sequences before context', () => {
    const plan = planMemory(need, { ...bounds, memoryBytes: 4 * gibibyte })
    expect(plan).toMatchObject({ contextTokens: 8_192, sequences: 1 })
  })

  it('leaves most of the memory to other models', () => {
    const plan = planMemory(need, { ...bounds, memoryBytes: 8 * gibibyte })
    expect(plan?.bytes).toBeLessThan(1.1 * gibibyte + 2 * gibibyte)
  })

  it('takes more than its share before the context becomes useless', () => {
    const plan = planMemory(need, { ...bounds, memoryBytes: 1.7 * gibibyte })
    expect(plan?.contextTokens).toBeGreaterThanOrEqual(4_096)
  })

  it('halves the context before it gives up', () => {
    const plan = planMemory(need, { ...bounds, memoryBytes: 1.2 * gibibyte })
    expect(plan?.contextTokens).toBeGreaterThanOrEqual(512)
    expect(plan?.contextTokens).toBeLessThan(4_096)
  })

  it('says when a model cannot fit', () => {
    expect(planMemory(need, { ...bounds, memoryBytes: gibibyte })).toBeUndefined()
  })
})
