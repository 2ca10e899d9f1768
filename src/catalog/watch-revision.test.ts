import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { silentLog } from '../kernel/index.ts'
import { watchRevision } from './watch-revision.ts'

function watch(look: () => Promise<void>) {
  const warned: object[] = []
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) }
  return { warned, stop: watchRevision(look, { intervalMs: 2, log }) }
}

describe('a watch', () => {
  it('never looks twice at once, and is stopped when the last look has ended', async () => {
    let running = 0
    let most = 0
    let looks = 0
    const { stop } = watch(async () => {
      running += 1
      looks += 1
      most = Math.max(most, running)
      await setTimeout(10)
      running -= 1
    })
    await vi.waitFor(() => expect(looks).toBeGreaterThan(2))
    await stop()
    const before = looks
    await setTimeout(30)
    expect({ most, running, looks }).toEqual({ most: 1, running: 0, looks: before })
  })

  it('says each failure once, however long it lasts, and goes on', async () => {
    let isAway = true
    let looks = 0
    const { warned, stop } = watch(async () => {
      looks += 1
      if (isAway) throw new Error('away')
    })
    await vi.waitFor(() => expect(looks).toBeGreaterThan(3))
    expect(warned).toEqual([{ reason: 'away' }])
    isAway = false
    const before = looks
    await vi.waitFor(() => expect(looks).toBeGreaterThan(before + 1))
    isAway = true
    await vi.waitFor(() => expect(warned).toHaveLength(2))
    await stop()
  })
})
