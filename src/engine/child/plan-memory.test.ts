import { describe, expect, it } from 'vitest'
import { planMemory } from './plan-memory.ts'

const gibibyte = 1_073_741_824
const need = { weightBytes: gibibyte, cacheBytesPerToken: 65_536, trainedTokens: 32_768 }
const bounds = { memoryBytes: 16 * gibibyte, sequences: 4, contextTokens: 16_384 }

describe('the memory of a model', () => {
  it('gives the full context and all sequences where they fit', () => {
    expect(planMemory(need, bounds)).toMatchObject({ contextTokens: 16_384, sequences: 4 })
  })

  it('never gives more context than the model was trained for', () => {
    expect(planMemory({ ...need, trainedTokens: 512 }, bounds)?.contextTokens).toBe(512)
  })

  it('gives up sequences before context', () => {
    const plan = planMemory(need, { ...bounds, memoryBytes: 4 * gibibyte })
    expect(plan).toMatchObject({ contextTokens: 16_384, sequences: 1 })
    expect(plan?.bytes).toBeLessThanOrEqual(4 * gibibyte)
  })

  it('halves the context before it gives up', () => {
    const plan = planMemory(need, { ...bounds, memoryBytes: 1.5 * gibibyte })
    expect(plan?.contextTokens).toBeLessThan(16_384)
    expect(plan?.contextTokens).toBeGreaterThanOrEqual(512)
  })

  it('says when a model cannot fit', () => {
    expect(planMemory(need, { ...bounds, memoryBytes: gibibyte })).toBeUndefined()
  })
})
