import { describe, expect, it } from 'vitest'
import { openWorldClock } from './world-clock.ts'

describe('the clock of a world', () => {
  it('has dates that stand still until they are set, and never go back', () => {
    let machineMs = 0
    const clock = openWorldClock({ monotonicMs: () => machineMs }, 1_000)
    machineMs = 500
    expect(clock.nowMs()).toBe(1_000)
    clock.setTo(90_000)
    clock.setTo(80_000)
    expect(clock.nowMs()).toBe(90_000)
  })

  it('measures the machine’s time within a stop, up to four seconds, and leaps with dates', () => {
    let machineMs = 0
    const clock = openWorldClock({ monotonicMs: () => machineMs }, 0)
    machineMs = 50
    expect(clock.monotonicMs()).toBe(50)
    machineMs = 60_000
    expect(clock.monotonicMs()).toBe(4_000)
    clock.setTo(86_400_000)
    expect(clock.monotonicMs()).toBe(86_400_000)
  })
})
