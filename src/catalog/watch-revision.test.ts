import { setTimeout } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { silentLog } from '../kernel/index.ts'
import { watchRevision } from './watch-revision.ts'

function watch(look: () => Promise<void>, news = { isHeard: false }, intervalMs = 2) {
  const warned: object[] = []
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields) }
  const told = { tell: () => {}, isStopped: false }
  const stop = watchRevision(look, {
    intervalMs,
    log,
    isHearing: () => news.isHeard,
    onNews(look) {
      told.tell = look
      return () => {
        told.isStopped = true
      }
    },
  })
  return { warned, stop, told }
}

describe('a watch', () => {
  it('never looks twice at once, and is stopped when the last look has ended', async () => {
    let running = 0
    let most = 0
    let looks = 0
    const { stop, told } = watch(async () => {
      running += 1
      looks += 1
      most = Math.max(most, running)
      await setTimeout(10)
      running -= 1
    })
    await vi.waitFor(() => expect(looks).toBeGreaterThan(2))
    told.tell()
    await stop()
    const before = looks
    await setTimeout(30)
    expect({ most, running, looks }).toEqual({ most: 1, running: 0, looks: before })
    expect(told.isStopped).toBe(true)
  })

  it('looks once, then on news alone while they are heard', async () => {
    let looks = 0
    const news = { isHeard: true }
    const look = async () => {
      looks += 1
      await setTimeout(10)
    }
    const { stop, told } = watch(look, news, 20)
    await setTimeout(30)
    expect(looks).toBe(1)
    told.tell()
    await setTimeout(5)
    for (let count = 0; count < 10; count++) told.tell() // these come while it looks
    await vi.waitFor(() => expect(looks).toBe(3))
    await setTimeout(30)
    expect(looks).toBe(3)
    news.isHeard = false
    await vi.waitFor(() => expect(looks).toBeGreaterThan(4))
    await stop()
  })

  it('looks now and then for what an earlier version changed without telling', async () => {
    let looks = 0
    const { stop } = watch(async () => void (await setTimeout(0, ++looks)), { isHeard: true }, 1)
    await vi.waitFor(() => expect(looks).toBe(2))
    await stop()
  })

  it('says each failure once, however long it lasts, and goes on', async () => {
    let isAway = true
    let looks = 0
    const { warned, stop } = watch(
      async () => {
        looks += 1
        if (isAway) throw new Error('away')
      },
      { isHeard: true },
    )
    await vi.waitFor(() => expect(looks).toBeGreaterThan(3))
    expect(warned).toEqual([{ reason: 'away' }])
    isAway = false
    const before = looks
    await vi.waitFor(() => expect(looks).toBeGreaterThan(before))
    await stop()
  })

  it('says the next failure again', async () => {
    let isAway = true
    const { warned, stop, told } = watch(async () => {
      if (isAway) throw new Error('away')
    })
    await vi.waitFor(() => expect(warned).toHaveLength(1))
    isAway = false
    await setTimeout(20)
    isAway = true
    told.tell()
    await vi.waitFor(() => expect(warned).toHaveLength(2))
    await stop()
  })
})
