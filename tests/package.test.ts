import { execFile, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './support/build.ts'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const run = promisify(execFile)

let folder = ''
let tarball = ''
const copy = () => join(folder, 'checkout')
const pids: number[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-package-'))
  chmodSync(folder, 0o755)
  copyCheckout()
  await run('npm', ['pack', '--pack-destination', folder], {
    cwd: copy(),
    env: environment('pack'),
  })
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none.tgz')
}, 180_000)
afterAll(async () => {
  for (const pid of pids) await stop(pid)
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
}, 60_000)

/** The files of this checkout, with what is installed in it. */
function copyCheckout(): void {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  for (const name of execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0')) {
    if (name === '' || !existsSync(join(root, name))) continue
    mkdirSync(dirname(join(copy(), name)), { recursive: true })
    cpSync(join(root, name), join(copy(), name))
  }
  for (const place of ['.', 'runtime', 'engine'])
    symlinkSync(join(root, place, 'node_modules'), join(copy(), place, 'node_modules'))
}

/** The machine's own Node and npm, not those that run the tests. */
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((place) => !place.includes('node_modules'))
  .join(delimiter)

/** An empty machine: a home with nothing in it, and where npm gets packages here. */
function environment(home: string): NodeJS.ProcessEnv {
  const path = join(folder, 'homes', home)
  mkdirSync(path, { recursive: true })
  return { PATH, HOME: path, PORT: '0', BAIMO_LOG: 'warn', ...npmSettings() }
}

let settings: Record<string, string> | null = null
function npmSettings(): Record<string, string> {
  const get = (name: string) =>
    execFileSync('npm', ['config', 'get', name], {
      encoding: 'utf8',
      cwd: tmpdir(),
      env: { PATH, HOME: homedir() },
    }).trim()
  settings ??= {
    npm_config_registry: get('registry'),
    npm_config_cache: get('cache'),
    npm_config_userconfig: get('userconfig'),
    npm_config_globalconfig: get('globalconfig'),
  }
  return settings
}

interface Opened {
  readonly url: string
  readonly pid: number
  readonly output: string
  readonly readyMs: number
}

/** Runs a command until the market says that it is open. */
async function open(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; uid?: number },
): Promise<Opened> {
  const beganMs = performance.now()
  const who = options.uid === undefined ? {} : { gid: options.uid }
  const child = spawn(command, args, { ...options, ...who, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  while (!output.includes('Owner link') && child.exitCode === null) await sleep(50)
  const url = /Baimo is open at (\S+)/.exec(output)?.[1]
  if (url === undefined) throw new Error(`it did not open:\n${output}`)
  const note = readFileSync(join(homeOf(options.env), 'market.json'), 'utf8')
  const { pid } = JSON.parse(note)
  pids.push(pid)
  return { url, pid, output, readyMs: performance.now() - beganMs }
}

function homeOf(env: NodeJS.ProcessEnv): string {
  const below =
    process.platform === 'darwin' ? 'Library/Application Support/Baimo' : '.local/share/baimo'
  return join(env.HOME ?? '', below)
}

async function stop(pid: number): Promise<void> {
  const isThere = () => existsSync(`/proc/${pid}`)
  if (!isThere()) return
  process.kill(pid, 'SIGTERM')
  while (isThere()) await sleep(50)
}

function entries(): { path: string; sizeBytes: number }[] {
  const listed = execFileSync('tar', ['tvzf', tarball], { encoding: 'utf8' })
  return listed
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .map((words) => ({ path: words.slice(5).join(' '), sizeBytes: Number(words[2]) }))
}

function packed(path: string) {
  return JSON.parse(execFileSync('tar', ['xzOf', tarball, `package/${path}`], { encoding: 'utf8' }))
}

describe('what npm packs', () => {
  it('is the built program, weights, manifests and words: no sources, tests, maps, old builds', () => {
    const paths = entries().map(({ path }) => path.replace('package/', ''))
    for (const needed of [
      'build/cli.js',
      'build/engine-child.js',
      'build/hash-worker.js',
      'build/rating-worker.js',
      'build/ratings.js',
      'build/types/ratings/index.d.ts',
      'data/exchange-rates/ecb.yaml',
      'data/prices/genai-prices.json',
      'engine/none/package.json',
      'engine/package-lock.json',
      'models/abacus-large.gguf',
      'npm-shrinkwrap.json',
      'runtime/package-lock.json',
      'scripts/baimo.mjs',
    ])
      expect(paths).toContain(needed)
    expect(
      paths
        .filter((path) => !/^build\/types\/(ratings|kernel)\/[^/]+\.d\.ts$/.test(path))
        .filter((path) => /^(src|tests|bench|docs|\.ci)\/|\.map$|\.ts$|training/.test(path)),
    ).toEqual([])
    expect(paths.filter((path) => !path.endsWith('.d.ts')).length).toBeLessThan(60)
    expect(entries().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThan(25e6)
  })

  it('names no package but the database’s binaries, pinned as in the lockfile', () => {
    const manifest = packed('package.json')
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    expect(manifest).not.toHaveProperty('dependencies')
    expect(manifest).not.toHaveProperty('devDependencies')
    expect(manifest.private).toBe(true)
    const { '': own, ...shipped } = packed('npm-shrinkwrap.json').packages
    expect(own.optionalDependencies).toEqual(manifest.optionalDependencies)
    expect(Object.keys(shipped).sort()).toEqual(
      Object.keys(manifest.optionalDependencies)
        .map((name) => `node_modules/${name}`)
        .sort(),
    )
    for (const [path, entry] of Object.entries(shipped)) expect(entry).toEqual(lock.packages[path])
  })

  it('leaves the checkout as it was', () => {
    const read = (place: string) => readFileSync(join(place, 'package.json'), 'utf8')
    expect(read(copy())).toBe(read(root))
    expect(existsSync(join(copy(), 'npm-shrinkwrap.json'))).toBe(false)
  })
})

describe('baimo/ratings, from the package', () => {
  it('rates votes in a program of somebody else, with types', async () => {
    const place = join(folder, 'consumer')
    const installed = join(place, 'node_modules', 'baimo')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['xzf', tarball, '-C', installed, '--strip-components=1'])
    const program = `import { claimBoard, countRows, rateBoard, ratingOf } from 'baimo/ratings'
const row = { modelA: 'x', modelB: 'y', aWins: 30, bWins: 18, ties: 12, bothBad: 0 }
const board = rateBoard(countRows([row]).votes)
const status: 'certified' | 'leaning' | 'undecided' | undefined = claimBoard(board).claims[0]?.status
console.log(ratingOf(board.fit.theta[0] ?? 0).toFixed(5), status)
`
    writeFileSync(join(place, 'rate.mts'), program)
    const { stdout } = await run(process.execPath, ['rate.mts'], { cwd: place })
    expect(stdout).toBe('1034.62536 undecided\n')
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024']
    const lib = ['--lib', 'es2024,dom', '--types', '', 'rate.mts']
    await run(process.execPath, [compiler, ...strict, ...lib], { cwd: place })
    writeFileSync(join(place, 'rate.mts'), program.replace('countRows([row])', 'countRows(7)'))
    const wrong = await run(process.execPath, [compiler, ...strict, ...lib], { cwd: place }).catch(
      (error) => error,
    )
    expect(wrong.stdout).toContain("Argument of type 'number' is not assignable")
  }, 120_000)
})

describe('npx of the package', () => {
  it('opens a market on an empty machine, answers, and is quick the second time', async () => {
    const cwd = join(folder, 'empty')
    mkdirSync(cwd)
    cpSync(tarball, join(cwd, 'baimo.tgz'))
    const env = environment('npx')
    const npx = ['--yes', './baimo.tgz']
    const first = await open('npx', [...npx, 'start'], { cwd, env })
    expect(first.output).toContain('baimo: installing Node 26: done')
    expect(first.output).toContain('baimo: installing the engine: done')
    expect(first.output).not.toMatch(/npm (warn|error)/i)
    const { stdout } = await run('npx', [...npx, 'ask', 'abacus-large', '17 + 25 ='], { cwd, env })
    expect(stdout).toBe('42\n')
    // What it tells to type is what was typed, from wherever that is done.
    const failed = await run('npx', [...npx, 'ask', 'nobody', 'hi'], { cwd, env }).catch((e) => e)
    expect(failed.stderr).toMatch(/"npx \/\S+\/empty\/baimo\.tgz models" lists all/)
    const { stdout: health } = await run('npx', [...npx, 'doctor'], { cwd, env })
    expect(health).not.toContain('broken')

    await stop(first.pid)
    const second = await open('npx', [...npx, 'start'], { cwd, env })
    expect(second.output).not.toContain('installing')
    expect(second.readyMs).toBeLessThan(20_000)
    await stop(second.pid)
    expect(readdirSync(cwd)).toEqual(['baimo.tgz'])
  }, 240_000)

  it.runIf(isRoot)(
    'runs from a global folder that is root’s, for a user who cannot write there',
    async () => {
      const prefix = join(folder, 'global')
      const env = environment('user')
      await run('npm', ['i', '-g', '--prefix', prefix, tarball], {
        cwd: folder,
        env: environment('root'),
      })
      const installed = join(prefix, 'lib', 'node_modules', 'baimo')
      execFileSync('chmod', ['-R', 'a-w', prefix])
      execFileSync('chmod', ['-R', 'a+rX', prefix])
      // What another user of the machine downloaded a minute ago need not be downloaded again here.
      cpSync(join(folder, 'homes', 'npx', '.cache'), join(env.HOME ?? '', '.cache'), {
        recursive: true,
      })
      execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, env.HOME ?? ''])
      chownSync(env.HOME ?? '', NOBODY, NOBODY)

      const baimo = join(prefix, 'bin', 'baimo')
      const opened = await open(baimo, ['start'], { cwd: '/', env, uid: NOBODY })
      expect(opened.output).not.toContain('installing')
      const { stdout } = await run(baimo, ['ask', 'abacus-large', '17 + 25 ='], {
        cwd: '/',
        env,
        uid: NOBODY,
        gid: NOBODY,
      })
      expect(stdout).toBe('42\n')
      const failed = await run(baimo, ['ask', 'nobody', 'hi'], {
        cwd: '/',
        env,
        uid: NOBODY,
        gid: NOBODY,
      }).catch((error) => error)
      expect(failed.stderr).toContain('"baimo models" lists all')
      expect(statSync(homeOf(env)).uid).toBe(NOBODY)
      expect(existsSync(join(installed, 'runtime', 'node_modules'))).toBe(false)
      await stop(opened.pid)
    },
    240_000,
  )
})
