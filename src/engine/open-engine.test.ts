import { spawn } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Agent, request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import {
  ask,
  childPath,
  engineFolder,
  longAnswer,
  openTestEngine,
  SMALL,
  smallModelPath,
  type TestEngine,
  until,
} from '../../tests/support/engine.ts'
import { silentLog } from '../kernel/index.ts'
import { chooseSocket } from './choose-socket.ts'
import { findEngine } from './find-engine.ts'
import { openEngine } from './index.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})
async function start(limits = {}): Promise<TestEngine> {
  const t = await openTestEngine({ threads: 1, ...limits })
  cleanups.push(t.close)
  return t
}
const chat = (t: TestEngine, body: unknown) => t.post('/v1/chat/completions', body)
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process is the answer
  }
}

describe('an engine that cannot run', () => {
  it('is absent with the reason and the remedy, and still knows model files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baimo-engine-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const engine = openEngine({
      engineFolder: folder,
      childPath,
      runFolder: folder,
      log: silentLog,
    })
    await engine.whenReady()
    expect(engine.state()).toMatchObject({ kind: 'absent', pid: null })
    expect(engine.state().reason).toContain('npm ci --ignore-scripts')
    engine.register({ name: SMALL, path: smallModelPath })
    expect((await engine.inspect(smallModelPath)).kind).toBe('chat')
    await engine.close()
  })

  it('names the platform that has no binary, and what to add instead', () => {
    expect(findEngine(engineFolder, 'sunos-x64')).toMatchObject({ isFound: false })
    const found = findEngine(engineFolder, 'freebsd-x64')
    expect(found.isFound ? '' : found.reason).toContain('Ollama')
  })
})

describe('the child', () => {
  it('starts again when it is killed under way, and only the running request notices', async () => {
    const t = await start()
    const { pid } = t.engine.state()
    const running = chat(t, ask('Tell me.', { ...longAnswer, stream: true })).catch((e: Error) => e)
    await until(() => t.engine.state().runningCount === 1)
    process.kill(pid ?? 0, 'SIGKILL')
    expect(await running).toBeInstanceOf(Error)
    await until(() => t.engine.state().kind === 'restarting')
    await t.engine.whenReady()
    expect(t.engine.state()).toMatchObject({ kind: 'ready', restarts: 1, reason: null })
    expect((await chat(t, ask('1 + 1 = ?'))).status).toBe(200)
  })

  it('ends at once when its parent is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baimo-engine-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const script = join(folder, 'parent.ts')
    const index = new URL('./index.ts', import.meta.url).href
    const options = { engineFolder, childPath, runFolder: folder }
    writeFileSync(
      script,
      `import { openEngine } from ${JSON.stringify(index)}
       const log = { debug() {}, info() {}, warn() {}, error() {} }
       const engine = openEngine({ ...${JSON.stringify(options)}, log })
       await engine.whenReady()
       process.stdout.write(String(engine.state().pid))`,
    )
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))),
    )
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    expect(await until(() => !isAlive(pid))).toBeLessThan(2_000)
  })

  it.runIf(process.getuid?.() === 0)('runs for a user without home and name', async () => {
    const NAMELESS = 54_321
    const folder = mkdtempSync(join(tmpdir(), 'baimo-engine-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    chownSync(folder, NAMELESS, NAMELESS)
    const index = new URL('./index.ts', import.meta.url).href
    const options = { engineFolder, childPath, runFolder: folder }
    const script = `import { openEngine } from ${JSON.stringify(index)}
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const engine = openEngine({ ...${JSON.stringify(options)}, log })
      await engine.whenReady()
      process.stdout.write(engine.state().kind)
      await engine.close()`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      uid: NAMELESS,
      gid: NAMELESS,
      env: {},
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    expect(await text(parent.stdout)).toBe('ready')
  })

  it('closes in order and leaves nothing behind', async () => {
    const t = await start()
    const pid = t.engine.state().pid ?? 0
    await chat(t, ask('1 + 1 = ?'))
    await t.engine.close()
    expect(isAlive(pid)).toBe(false)
    expect(t.engine.state()).toMatchObject({ kind: 'stopped', pid: null })
  })
})

describe('models', () => {
  it('are loaded once for many first requests and unregistered by name', async () => {
    const t = await start()
    expect(t.engine.state().loaded).toEqual([])
    const answers = await Promise.all([1, 2, 3, 4].map((i) => chat(t, ask(`${i} + 1 = ?`))))
    expect(answers.every((a) => a.status === 200)).toBe(true)
    await until(() => t.engine.state().loaded.length === 1)
    t.engine.unregister(SMALL)
    await until(() => t.engine.state().loaded.length === 0)
    expect((await chat(t, ask('Hi'))).status).toBe(404)
  })

  it('leave the memory when nobody who asked is left', async () => {
    const t = await start()
    const gone = new AbortController()
    const asked = request('http://engine/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('Hi')),
      dispatcher: t.dispatcher,
      signal: gone.signal,
    }).catch((e: Error) => e)
    await new Promise((resolve) => setTimeout(resolve, 30))
    t.engine.unregister(SMALL)
    gone.abort()
    await asked
    t.engine.register({ name: 'local/next', path: smallModelPath })
    expect((await chat(t, ask('1 + 1', { model: 'local/next' }))).status).toBe(200)
    await until(() => t.engine.state().loaded.join() === 'local/next')
  })

  it('that kill the engine while they load are left out until they are added anew', async () => {
    const t = await start()
    for (let crash = 1; crash <= 2; crash++) {
      const asked = chat(t, ask('Hi')).catch((e: Error) => e)
      await until(() => t.engine.state().loading.includes(SMALL))
      process.kill(t.engine.state().pid ?? 0, 'SIGKILL')
      expect(await asked).toBeInstanceOf(Error)
      await until(() => t.engine.state().restarts === crash)
      await t.engine.whenReady()
    }
    expect((await chat(t, ask('Hi'))).json().error.code).toBe('engine_model_unloadable')
    t.engine.register({ name: SMALL, path: smallModelPath })
    expect((await chat(t, ask('1 + 1 = ?'))).status).toBe(200)
  })

  it('unload the longest unused when the memory is spent', async () => {
    const t = await start({ memoryBytes: 100_000_000 }) // room for two of the small ones
    const names = ['local/a', 'local/b', 'local/c']
    for (const name of names) t.engine.register({ name, path: smallModelPath })
    for (const model of names) expect((await chat(t, ask('1 + 1', { model }))).status).toBe(200)
    await until(() => t.engine.state().loaded.join() === 'local/b,local/c')
    expect((await chat(t, ask('1 + 1', { model: 'local/a' }))).status).toBe(200)
    await until(() => t.engine.state().loaded.join() === 'local/a,local/c')
  })

  it('that are too large for the memory are refused with the figures', async () => {
    const t = await start({ memoryBytes: 1_000_000 })
    const answer = await chat(t, ask('Hi'))
    expect(answer.status).toBe(503)
    expect(answer.json().error).toMatchObject({ code: 'engine_model_too_large' })
    expect(answer.headers['x-should-retry']).toBe('false')
  })

  it('whose file is broken or gone are refused clearly, and the others go on', async () => {
    const t = await start()
    const weights = readFileSync(smallModelPath)
    const files = {
      half: weights.subarray(0, weights.length / 2),
      text: Buffer.from('not a model'),
      hollow: hollow(weights),
    }
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(t.folder, `${name}.gguf`)
      writeFileSync(path, bytes)
      t.engine.register({ name, path })
    }
    t.engine.register({ name: 'gone', path: join(t.folder, 'gone.gguf') })
    const codeOf = async (model: string) => (await chat(t, ask('Hi', { model }))).json().error.code
    expect(await codeOf('half')).toBe('engine_file_truncated')
    expect(await codeOf('text')).toBe('engine_file_not_gguf')
    expect(await codeOf('hollow')).toBe('engine_model_unloadable')
    expect(await codeOf('gone')).toBe('engine_file_missing')
    expect((await chat(t, ask('1 + 1 = ?'))).status).toBe(200)
    copyFileSync(smallModelPath, join(t.folder, 'gone.gguf'))
    expect((await chat(t, ask('Hi', { model: 'gone' }))).status).toBe(200)
  })
})

/** A file whose header is right and whose architecture nobody knows. */
function hollow(weights: Buffer): Buffer {
  const bytes = Buffer.from(weights)
  const at = bytes.indexOf('general.architecture')
  bytes.write('llamb', bytes.indexOf('llama', at))
  return bytes
}

describe('an engine whose native code cannot be loaded', () => {
  it('is absent with the reason after a few tries', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baimo-engine-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const modules = join(folder, 'node_modules')
    mkdirSync(join(modules, 'node-llama-cpp/dist'), { recursive: true })
    for (const name of ['linux-x64', 'linux-arm64', 'mac-arm64-metal', 'mac-x64', 'win-x64']) {
      mkdirSync(join(modules, '@node-llama-cpp', name), { recursive: true })
      writeFileSync(join(modules, '@node-llama-cpp', name, 'package.json'), '{}')
    }
    const manifest = { name: 'node-llama-cpp', type: 'module', exports: './dist/index.js' }
    writeFileSync(join(modules, 'node-llama-cpp/package.json'), JSON.stringify(manifest))
    writeFileSync(
      join(modules, 'node-llama-cpp/dist/index.js'),
      'export const getLlama = () => Promise.reject(new Error("no binary for musl"))',
    )
    const engine = openEngine({
      engineFolder: folder,
      childPath,
      runFolder: folder,
      log: silentLog,
    })
    cleanups.push(() => engine.close())
    await engine.whenReady()
    expect(engine.state().kind).toBe('absent')
    expect(engine.state().reason).toContain('no binary for musl')
  })
})

describe('the log', () => {
  it('tells no error where a request brings a grammar that llama.cpp refuses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baimo-engine-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const lines: string[] = []
    const note = (level: string) => (_: object, text: string) => void lines.push(`${level} ${text}`)
    const log = { debug: note('debug'), info() {}, warn: note('warn'), error: note('error') }
    const engine = openEngine({ engineFolder, childPath, runFolder: folder, log })
    engine.register({ name: SMALL, path: smallModelPath })
    await engine.whenReady()
    const dispatcher = new Agent({ connect: { socketPath: engine.socketPath } })
    cleanups.push(() => engine.close().then(() => dispatcher.destroy()))
    const a = {
      anyOf: [{ properties: { b: { $ref: '#/$defs/b' } } }, { $ref: '#/$defs/b' }],
    }
    const schema = { $defs: { a, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    const { statusCode } = await request('http://engine/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ask('Hi', { response_format: format })),
      dispatcher,
    })
    expect(statusCode).toBe(400)
    await until(() => lines.some((line) => line.includes('left recursion')))
    expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([])
  })
})

describe('the line', () => {
  it('refuses with 429 once it is full, and whoever waits too long', async () => {
    const t = await start({ sequences: 1, queueLength: 1, queueWaitMs: 100 })
    await chat(t, ask('1 + 1 = ?'))
    const body = ask('Tell me.', longAnswer)
    const answers = await Promise.all([1, 2, 3].map(() => chat(t, body)))
    expect(answers.map((a) => a.status).sort()).toContain(429)
    const refused = answers.find((a) => a.status === 429)
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(refused?.json().error.type).toBe('engine_busy')
  })
})

describe('the socket', () => {
  it('lies in the run folder, or in a private folder where the path is too long', async () => {
    expect(chooseSocket('/home/x/run', 'linux')).toBe('/home/x/run/engine.sock')
    const long = chooseSocket(`/home/${'x'.repeat(200)}/run`, 'linux')
    expect(Buffer.byteLength(long)).toBeLessThan(104)
    expect(chooseSocket('C:\\x', 'win32')).toMatch(/^\\\\\.\\pipe\\baimo-engine-/)
  })

  it('answers health and the names of the models', async () => {
    const t = await start()
    const get = async (path: string) =>
      (await request(`http://engine${path}`, { dispatcher: t.dispatcher })).body.json()
    expect(await get('/health')).toEqual({ status: 'ok' })
    expect(await get('/v1/models')).toMatchObject({ object: 'list', data: [{ id: SMALL }] })
  })
})
