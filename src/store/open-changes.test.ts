import { sql } from 'kysely'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createTestDatabase, describeOnEveryServer } from '../../tests/support/database.ts'
import { silentLog } from '../kernel/index.ts'
import { openStore } from './open-store.ts'
import type { ChangeTopic, Store } from './types.ts'

function listen(store: Store, topic: ChangeTopic = 'people') {
  const heard = { changes: [] as string[], gaps: 0 }
  store.changes.listen(topic, {
    onChange: (detail) => void heard.changes.push(detail),
    onGap: () => {
      heard.gaps += 1
    },
  })
  return heard
}

async function backendOf(store: Store): Promise<number> {
  const { rows } = await store.pool.query(
    "select pid from pg_stat_activity where datname = current_database() and application_name = 'baimo listen'",
  )
  expect(rows).toHaveLength(1)
  return rows[0].pid
}

describeOnEveryServer('news', (openStoreHere) => {
  const open = async (): Promise<Store> => {
    const store = await openStoreHere()
    onTestFinished(() => store.close())
    return store
  }

  it('arrives when its transaction commits, and not when it fails', async () => {
    const store = await open()
    const heard = listen(store)
    const other = listen(store, 'catalog')
    const failing = store.transaction(async (trx) => {
      await store.changes.announce(trx, 'people', 'undone')
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await store.transaction(async (trx) => {
      await store.changes.announce(trx, 'people', 'with a space, and 模')
      await sql`select pg_sleep(0.1)`.execute(trx)
      expect(heard.changes).toEqual([])
    })
    await store.changes.announce(store.db, 'people', '')
    await vi.waitFor(() => expect(heard.changes).toEqual(['with a space, and 模', '']))
    expect(other.changes).toEqual([])
    expect(heard.gaps).toBe(0)
    expect(store.changes.isHearing).toBe(true)
  })

  it('goes on by itself after its connection was ended, and tells the gap', async () => {
    const store = await open()
    const heard = listen(store)
    await store.pool.query('select pg_terminate_backend($1)', [await backendOf(store)])
    await vi.waitFor(() => expect(heard.gaps).toBe(1), { timeout: 300, interval: 10 })
    expect(store.changes.isHearing).toBe(true)
    await store.changes.announce(store.db, 'people', 'again')
    await vi.waitFor(() => expect(heard.changes).toEqual(['again']))
  })

  it('is known not to arrive within a second when the server stands still', async () => {
    const store = await open()
    const heard = listen(store)
    const pid = await backendOf(store)
    process.kill(pid, 'SIGSTOP')
    const stoppedMs = performance.now()
    await vi.waitFor(() => expect(store.changes.isHearing).toBe(false), {
      timeout: 3_000,
      interval: 5,
    })
    expect(performance.now() - stoppedMs).toBeLessThan(1_100)
    await vi.waitFor(() => expect(heard.gaps).toBe(1), { timeout: 4_000, interval: 10 })
    expect(store.changes.isHearing).toBe(true) // on another connection
    process.kill(pid, 'SIGCONT')
  })

  it('is not taken in by whoever stopped listening', async () => {
    const store = await open()
    const heard: string[] = []
    const handlers = { onChange: (detail: string) => void heard.push(detail), onGap: () => {} }
    const stop = store.changes.listen('people', handlers)
    store.changes.listen('people', handlers)
    stop()
    await store.changes.announce(store.db, 'people', 'once')
    await vi.waitFor(() => expect(heard).toEqual(['once']))
  })

  it('must be short', async () => {
    const store = await open()
    const heard = listen(store)
    const longest = 'x'.repeat(7_999 - 'people '.length)
    await store.changes.announce(store.db, 'people', longest)
    await vi.waitFor(() => expect(heard.changes).toEqual([longest]))
    await expect(store.changes.announce(store.db, 'people', `${longest}x`)).rejects.toThrow('8,000')
  })
})

it('costs a line in the log, not the process, when a handler fails', async () => {
  const reasons: unknown[] = []
  const store = await openStore({
    home: { path: '', databasePath: '', runPath: '' },
    databaseUrl: await createTestDatabase(),
    log: { ...silentLog, error: (fields: object) => void reasons.push(fields) },
    onProgress: () => {},
  })
  onTestFinished(() => store.close())
  store.changes.listen('people', {
    onChange: () => {
      throw new Error('at once')
    },
    onGap: () => {},
  })
  const later = async () => {
    throw new Error('later')
  }
  store.changes.listen('people', { onChange: later, onGap: later })
  const heard = listen(store)
  await store.changes.announce(store.db, 'people', 'bad news')
  await vi.waitFor(() => expect(reasons).toHaveLength(2))
  expect(reasons).toEqual([
    { topic: 'people', reason: 'at once' },
    { topic: 'people', reason: 'later' },
  ])
  expect(heard.changes).toEqual(['bad news'])
})
