import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../src/kernel/index.ts'
import { openHome, openStore, type Store } from '../src/store/index.ts'
import { isAlive, readPostmaster } from './support/postgres.ts'

const program = join(import.meta.dirname, 'programs', 'hold-home.ts')
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

interface Said {
  ready: boolean
  code?: string
  message?: string
  data?: string
  socket?: string
  fsync?: string
  commit?: string
}

let base: string
let home: string
const holders: ChildProcess[] = []

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'baimo-test-'))
  chmodSync(base, 0o711)
  home = join(base, 'home')
})

afterEach(async () => {
  for (const holder of holders.splice(0)) await end(holder, 'SIGTERM')
  const orphan = readPostmaster(join(home, 'pg'))?.pid
  if (orphan !== undefined && isAlive(orphan)) process.kill(orphan, 'SIGQUIT')
  rmSync(base, { recursive: true, force: true, maxRetries: 20 })
})

/** Starts a process on the home and resolves to its first line. */
function hold(
  path = home,
  options: { uid?: number } = {},
): Promise<{ said: Said; holder: ChildProcess }> {
  const ids = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const holder = spawn(process.execPath, [program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...ids,
  })
  holders.push(holder)
  const lines = createInterface({ input: holder.stdout ?? process.stdin })
  return new Promise((resolve) => {
    lines.once('line', (line) => resolve({ said: JSON.parse(line) as Said, holder }))
  })
}

function end(holder: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    holder.on('exit', () => resolve())
    holder.kill(signal)
  })
}

async function withStore(
  work: (store: Store) => Promise<void>,
  onProgress: (text: string) => void = () => {},
): Promise<void> {
  const held = openHome(home)
  const store = await openStore({ home: held, databaseUrl: null, log: silentLog, onProgress })
  await work(store).finally(() => store.close())
  held.close()
}

describe('a home', () => {
  it('is made for this user, with a durable database on a socket inside it', async () => {
    const { said } = await hold()
    expect(said).toMatchObject({ ready: true, data: join(home, 'pg'), fsync: 'on', commit: 'on' })
    expect(said.socket).toBe(join(home, 'run', 'pg'))
    expect(statSync(home).mode & 0o777).toBe(isRoot ? 0o711 : 0o700)
    expect(statSync(join(home, 'run', 'pg')).mode & 0o777).toBe(0o700)
  })

  it('is refused to a second process, which is told the first', async () => {
    const { holder } = await hold()
    const second = await hold()
    expect(second.said.code).toBe('store_home_in_use')
    expect(second.said.message).toContain(String(holder.pid))
    expect(second.said.message).not.toContain('\n')
    expect(isAlive(holder.pid ?? 0)).toBe(true)
  })

  it.each(['run', 'home.lock', 'run home.lock'])(
    'is refused to a second process also when %s was removed',
    async (removed) => {
      const names = removed.split(' ')
      const { holder } = await hold()
      for (const name of names) rmSync(join(home, name), { recursive: true })
      const database = readPostmaster(join(home, 'pg'))?.pid ?? 0
      const second = await hold()
      expect(second.said.code).toBe('store_home_in_use')
      if (names.includes('home.lock')) expect(second.said.message).toContain(String(holder.pid))
      expect(isAlive(database)).toBe(true)
      await end(holder, 'SIGTERM')
      expect(isAlive(database)).toBe(false)
    },
  )

  it('goes on when its locks and sockets were removed: it makes them again, and says so', async () => {
    const losses: string[] = []
    const held = openHome(home, (words) => losses.push(words))
    const store = await openStore({
      home: held,
      databaseUrl: null,
      log: silentLog,
      onProgress: () => {},
    })
    try {
      rmSync(join(home, 'run'), { recursive: true })
      const socket = join(home, 'run', 'pg', '.s.PGSQL.5432')
      await expect.poll(() => existsSync(socket), { timeout: 15_000 }).toBe(true)
      await expect.poll(() => store.isHealthy(), { timeout: 15_000, interval: 200 }).toBe(true)
      expect(losses).toEqual([`${join(home, 'run', 'home.lock')} was removed: it is made again`])
      expect((await hold()).said.code).toBe('store_home_in_use')
    } finally {
      await store.close()
      held.close()
    }
    expect(readPostmaster(join(home, 'pg'))).toBeNull()
  })

  it('is free again after its process was killed, and the orphaned database is ended', async () => {
    const first = await hold()
    const orphan = readPostmaster(join(home, 'pg'))?.pid ?? 0
    await end(first.holder, 'SIGKILL')
    expect(isAlive(orphan)).toBe(true)
    const second = await hold()
    expect(second.said.ready).toBe(true)
    expect(isAlive(orphan)).toBe(false)
    await end(second.holder, 'SIGTERM')
    expect(readPostmaster(join(home, 'pg'))).toBeNull()
  })

  it('takes no other program for its database when the process id is used again', async () => {
    await end((await hold()).holder, 'SIGTERM')
    const lines = [process.pid, join(home, 'pg'), 1, 5432, join(home, 'run/pg'), '', '1 1', 'ready']
    writeFileSync(join(home, 'pg', 'postmaster.pid'), `${lines.join('\n')}\n`)
    expect((await hold()).said.ready).toBe(true)
  })

  it('starts over where making the database was cut short', async () => {
    mkdirSync(join(home, 'pg.new', 'base'), { recursive: true })
    expect((await hold()).said.ready).toBe(true)
    expect(existsSync(join(home, 'pg.new'))).toBe(false)
  })

  it('is refused where a file stands in its place', async () => {
    writeFileSync(home, '')
    const { said } = await hold()
    expect(said.code).toBe('store_home_not_writable')
    expect(said.message).toContain(home)
  })

  it('keeps its socket elsewhere when its own path is too long, and removes it', async () => {
    home = join(base, 'h'.repeat(120))
    const { said, holder } = await hold()
    expect(said.ready).toBe(true)
    expect(said.socket?.startsWith(join(tmpdir(), 'baimo-'))).toBe(true)
    await end(holder, 'SIGTERM')
    expect(existsSync(said.socket ?? '')).toBe(false)
  })
})

describe.runIf(isRoot)('a home of root', () => {
  it('lets nobody run the database and keeps the keys its own', async () => {
    await hold()
    expect(statSync(join(home, 'pg')).uid).toBe(NOBODY)
    for (const path of [home, join(home, 'run'), join(home, 'lib')])
      expect(statSync(path).uid).toBe(0)
  })

  it('below a folder that only root may enter works too', async () => {
    chmodSync(base, 0o700)
    const { said } = await hold()
    expect(said).toMatchObject({ ready: true })
    expect(statSync(join(home, 'pg')).uid).toBe(0)
  })

  it('works on after it was moved below such a folder, and back', async () => {
    await end((await hold()).holder, 'SIGTERM')
    chmodSync(base, 0o700)
    const closed = await hold()
    expect(closed.said).toMatchObject({ ready: true })
    await end(closed.holder, 'SIGTERM')
    chmodSync(base, 0o711)
    expect((await hold()).said).toMatchObject({ ready: true })
  })

  it('is refused to another user', async () => {
    await end((await hold()).holder, 'SIGTERM')
    const { said } = await hold(home, { uid: NOBODY })
    expect(said.code).toBe('store_home_not_writable')
  })

  it('of a user without a name, as containers have them, works too', async () => {
    const NAMELESS = 54_321
    chownSync(base, NAMELESS, NAMELESS)
    expect((await hold(home, { uid: NAMELESS })).said).toMatchObject({ ready: true })
    expect(statSync(join(home, 'pg')).uid).toBe(NAMELESS)
  })

  it('of another user is theirs entirely', async () => {
    chownSync(base, NOBODY, NOBODY)
    expect((await hold(home, { uid: NOBODY })).said.ready).toBe(true)
    expect(statSync(home).uid).toBe(NOBODY)
  })
})

describe('an embedded database', () => {
  it('is started again when it dies, and the store goes on', async () => {
    await withStore(async (store) => {
      const pid = readPostmaster(join(home, 'pg'))?.pid ?? 0
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => isAlive(pid)).toBe(false)
      await expect.poll(() => store.isHealthy(), { timeout: 15_000 }).toBe(true)
      expect(readPostmaster(join(home, 'pg'))?.pid).not.toBe(pid)
    })
  })

  it('is started again when it dies after its log was rotated away', async () => {
    await withStore(async (store) => {
      const pid = readPostmaster(join(home, 'pg'))?.pid ?? 0
      rmSync(join(home, 'pg.log'))
      process.kill(pid, 'SIGKILL')
      await expect.poll(() => isAlive(pid)).toBe(false)
      await expect.poll(() => store.isHealthy(), { timeout: 15_000 }).toBe(true)
    })
  })

  it('keeps a process alive that waits for a statement when it dies', async () => {
    await withStore(async (store) => {
      const waiting = sql`select pg_sleep(5)`.execute(store.db)
      const refused = expect(waiting).rejects.toMatchObject({ code: 'store_database_away' })
      await store.isHealthy()
      process.kill(readPostmaster(join(home, 'pg'))?.pid ?? 0, 'SIGKILL')
      await refused
    })
  })

  it('says in one line why it does not start', async () => {
    await end((await hold()).holder, 'SIGTERM')
    rmSync(join(home, 'pg', 'global', 'pg_control'))
    const { said } = await hold()
    expect(said).toMatchObject({ ready: false, code: 'store_database_failed' })
    expect(said.message).toContain('pg_control')
    expect(said.message).not.toContain('\n')
  })

  it('tells a person what takes long', async () => {
    const progress: string[] = []
    await withStore(
      async () => {},
      (text) => progress.push(text),
    )
    expect(progress[0]).toBe('making the database')
    expect(progress[1]).toMatch(/^migrating the database/)
  })
})

describe('a database of the owner', () => {
  it.each([
    ['nobody answers', 'postgres://baimo@127.0.0.1:1/baimo'],
    ['the host does not exist', 'postgres://baimo:hunter2@nowhere.invalid/baimo'],
    ['it is no URL', 'not a url'],
  ])('is refused when %s, without telling the password', async (_case, databaseUrl) => {
    const opened = openStore({
      home: { path: '', databasePath: '', runPath: '' },
      databaseUrl,
      log: silentLog,
      onProgress: () => {},
    })
    await expect(opened).rejects.toMatchObject({ code: 'store_database_unreachable' })
    await expect(opened).rejects.not.toThrow('hunter2')
  })
})
