import { execFile, fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { root } from './support/build.ts'
import { type CommandOptions, type Finished, runCommand } from './support/command-line.ts'
import { withTemplate } from './support/engine.ts'
import { type Market, startMarket } from './support/market.ts'
import { openScriptedUpstream, type ScriptedUpstream } from './upstream/scripted-upstream.ts'

const cli = join(root, 'build', 'cli.js')
const SMALL = join(root, 'models', 'abacus-small.gguf')

let market: Market
let upstream: ScriptedUpstream
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
  upstream = await openScriptedUpstream({ key: 'sk-scripted', pieceCount: 6 })
  market = await startMarket()
}, 90_000)

afterAll(async () => {
  await market.stop()
  await upstream.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

function baimo(args: string, options: Partial<CommandOptions> = {}): Promise<Finished> {
  return runCommand(args.split(' '), { home: market.home, ...options })
}

/** Runs a line of shell in which "$@" is baimo; one that serves is told to stop once it wrote. */
function inShell(
  line: string,
  env: Readonly<Record<string, string>>,
): Promise<Pick<Finished, 'code' | 'out' | 'err'>> {
  const args = ['-c', line, 'sh', process.execPath, cli]
  return new Promise((resolve) => {
    const child = execFile(
      '/bin/sh',
      args,
      { env: { PATH: process.env.PATH, ...env }, timeout: 30_000, killSignal: 'SIGKILL' },
      (_, out, err) => resolve({ code: child.exitCode, out, err }),
    )
    child.stdout?.once('data', () => child.kill('SIGTERM'))
  })
}

async function json(args: string): Promise<Record<string, never>> {
  const { out, err, code } = await baimo(`${args} --json`)
  expect(err).toBe('')
  expect(code).toBe(0)
  return JSON.parse(out)
}

function fileWith(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('baimo ask', () => {
  it('streams an answer of real weights and ends it with a newline', async () => {
    const args = ['ask', 'abacus-small', '17 + 25 =', '--temperature', '0']
    const { code, out, err } = await runCommand(args, { home: market.home })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^\S.*\n$/)
  })

  it('says with --verbose who answered, how much and how long', async () => {
    const { err } = await baimo('ask baimo/abacus-small 1+1= --verbose')
    expect(err).toMatch(
      /^baimo\/abacus-small · \d+ tokens in, \d+ out · first after .* · all after/,
    )
    expect(err).toMatch(/request-id [0-9a-f-]{36}\n$/)
  })

  it('gives the whole answer, its usage and headers with --json', async () => {
    const answer = await json('ask abacus-small 1+1= --max-tokens 4 --seed 1')
    expect(answer).toMatchObject({
      text: expect.any(String),
      usage: { completion_tokens: expect.any(Number) },
      headers: { 'x-request-id': expect.any(String), 'x-baimo-listing': expect.any(String) },
    })
  })

  it('reads the prompt from standard input, alone or where "-" stands', async () => {
    expect((await baimo('ask abacus-small', { input: '1 + 1 =\n' })).code).toBe(0)
    expect((await baimo('ask abacus-small - =', { input: '1 + 1' })).code).toBe(0)
    const empty = await baimo('ask abacus-small')
    expect(empty).toMatchObject({ code: 2, err: 'baimo: The prompt is empty. Give some text.\n' })
  })

  it('names the nearest models when there is none of that name', async () => {
    const { code, out, err } = await baimo('ask abacus-smal hello')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('There is no model "abacus-smal". Nearest: baimo/abacus-small')
  })
})

describe('baimo add', () => {
  it('offers what a server lists and switches on what is named', async () => {
    const keyFile = fileWith('good.key', 'sk-scripted\n')
    const url = upstream.baseUrl
    const args = `add ${url} --name acme --key-file ${keyFile} --model acme/normal,acme/slow-drip`
    const { code, out } = await baimo(args)
    expect(code).toBe(0)
    expect(out).toContain(`Added acme (generic) at ${url}:`)
    expect(out).toMatch(/On:\n {2}acme\/normal\n {2}acme\/slow-drip\nOffered:\n/)
    expect(out).toContain('Switch one on: baimo models on acme/')
    expect(out).not.toContain('sk-scripted')
  })

  it('streams what the server sends, piece by piece', async () => {
    const { out, code, arrivalsMs } = await baimo('ask acme/slow-drip hello')
    expect({ out, code }).toMatchObject({ code: 0, out: expect.stringContaining('Hello') })
    // Six pieces, 20 ms apart.
    expect((arrivalsMs.at(-1) ?? 0) - (arrivalsMs[0] ?? 0)).toBeGreaterThan(50)
  })

  it('reads a key from standard input', async () => {
    const { code, out } = await baimo(`add ${upstream.baseUrl} --key-file -`, {
      input: 'sk-scripted',
    })
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('acme/normal') })
  })

  it('adds a model file, on at once', async () => {
    const path = join(folder, 'lion.gguf')
    writeFileSync(path, withTemplate('{{ messages[0].content }}'))
    const { code, out, err } = await baimo(`add ${path} --name lion`)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('On:\n')
  })

  it.each([
    ['an empty key file', () => `${upstream.baseUrl} --key-file ${fileWith('empty.key', '\n')}`, 1],
    ['a key file that is not there', () => `openai --key-file ${join(folder, 'none.key')}`, 1],
    ['a provider without its key', () => 'openai', 1],
    ['a wrong key', () => `${upstream.baseUrl} --key-file ${fileWith('bad.key', 'sk-no')}`, 1],
    ['a server that is not there', () => 'http://127.0.0.1:9', 1],
    ['a text file named .gguf', () => fileWith('text.gguf', 'not a model'), 1],
    ['a file cut in half', () => fileWith('half.gguf', readFileSync(SMALL).subarray(0, 3e5)), 1],
    ['a file that is not there', () => join(folder, 'none.gguf'), 1],
    ['a word that means nothing', () => 'whatever', 2],
  ])('refuses %s with one line that says what to do', async (_, args, expected) => {
    const { code, out, err } = await baimo(`add ${args()}`)
    expect({ code, out }).toEqual({ code: expected, out: '' })
    expect(err).toMatch(/^baimo: [A-Z"/].*[.:"] .*\.\n$|^baimo: [A-Z"/].*\.\n$/)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err).not.toContain('sk-')
  })
})

describe('baimo ask, when the answer does not end well', () => {
  it('says that an answer broke off, after what arrived of it', async () => {
    await baimo('models on acme/reset-mid-answer')
    const { code, out, err } = await baimo('ask acme/reset-mid-answer hello')
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringMatching(/^Hello.*\n$/) })
    expect(err).toMatch(/^baimo: The provider .*\n$/)
  })

  it('ends with 130 on Ctrl-C and reaches the provider', async () => {
    upstream.forget()
    const { code, err } = await baimo('ask acme/slow-drip hello', { interruptAt: /./ })
    expect({ code, err }).toEqual({ code: 130, err: '' })
    await upstream.waitFor(({ hits }) => hits.some(({ isAborted }) => isAborted))
  })
})

describe('baimo models', () => {
  it('lists models in aligned columns, unknown as unknown', async () => {
    const { out } = await baimo('models')
    expect(out).toMatch(/^NAME +CAN +PARAMS +CONTEXT +PRICE +WHERE +LISTINGS\n/)
    expect(out).toMatch(
      /\nacme\/normal +unknown +unknown +unknown +unpriced +acme \(this-machine\) /,
    )
  })

  it('keeps facts with their source, and takes them back', async () => {
    const source = ['--source', 'https://example.com/card']
    const set = ['models', 'set', 'acme/normal', 'licence', 'MIT', ...source]
    expect((await runCommand(set, { home: market.home })).out).toBe('licence of acme/normal: MIT\n')
    expect((await baimo('models show acme/normal')).out).toMatch(
      /licence +MIT {2}\(https:\/\/example.com\/card, \d{4}-\d\d-\d\d\)/,
    )
    expect((await baimo('models set acme/normal licence unknown')).code).toBe(0)
    expect((await baimo('models show acme/normal')).out).toMatch(/licence +unknown\n/)
    expect(await baimo('models set acme/normal licence MIT')).toMatchObject({ code: 2 })
  })

  it('gives a model an alias that can be asked, and takes it away', async () => {
    expect((await baimo('models alias gpt-4 acme/normal')).out).toBe('gpt-4 → acme/normal\n')
    expect((await baimo('ask gpt-4 hello')).code).toBe(0)
    expect((await baimo('models aliases')).out).toContain('gpt-4')
    expect((await baimo('models unalias gpt-4')).code).toBe(0)
    expect((await baimo('ask gpt-4 hello')).code).toBe(1)
  })

  it('switches off and on', async () => {
    expect((await baimo('models off acme/normal')).out).toBe('acme/normal at acme is off.\n')
    const { code, err } = await baimo('ask acme/normal hello')
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('models on NAME') })
    expect((await baimo('models on acme/normal')).out).toBe('acme/normal at acme is on.\n')
  })
})

describe('baimo keys, people and link', () => {
  it('makes a key that is limited, shows it once, and revokes it', async () => {
    const made = await baimo(
      'keys create laptop --scope chat --model baimo/abacus-small --expires 1d',
    )
    const key = made.out.trim()
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('shown once') })
    const env = { BAIMO_KEY: key }
    expect((await baimo('ask baimo/abacus-small 1+1=', { env })).code).toBe(0)
    expect((await baimo('ask acme/normal hello', { env })).code).toBe(1)
    expect((await baimo('keys', { env })).code).toBe(1)
    const listed = await baimo('keys')
    expect(listed.out).toMatch(/laptop +baimo_\w+ +Owner +chat +baimo\/abacus-small/)
    expect(listed.out).not.toContain(key)
    expect((await baimo('keys revoke laptop')).code).toBe(0)
    const after = await baimo('ask baimo/abacus-small 1+1=', { env })
    expect(after).toMatchObject({ code: 1, err: expect.stringContaining('came from BAIMO_KEY') })
  })

  it('sets limits that hold at once, lists what is used of them, and removes them', async () => {
    const env = { BAIMO_KEY: (await baimo('keys create metered')).out.trim() }
    expect((await baimo('limits set key metered --requests 1 --tokens 100k')).out).toBe(
      'metered: 1 request a minute, 100000 tokens a minute. It holds within a second.\n',
    )
    expect((await baimo('ask baimo/abacus-small 1+1=', { env })).code).toBe(0)
    const refused = await baimo('ask baimo/abacus-small 1+1=', { env })
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringContaining('the limit of 1 request a minute'),
    })
    expect((await baimo('limits')).out).toMatch(/key +metered +1 of 1 +\d+ of 100000 +no limit/)
    expect(await baimo('limits set key metered --requests none --tokens none')).toMatchObject({
      code: 2,
      err: expect.stringContaining('limits remove'),
    })
    expect((await baimo('limits remove key metered')).out).toContain('no limits any more')
    expect((await baimo('ask baimo/abacus-small 1+1=', { env })).code).toBe(0)
    expect((await baimo('limits set key nobody --requests 1')).code).toBe(1)
  })

  it('adds people and teams, changes roles, and erases only after a yes', async () => {
    expect((await baimo('people add Tester --email tester@example.com')).out).toContain(
      'Link for them',
    )
    expect((await baimo('people role tester@example.com admin')).out).toBe('Tester is admin now.\n')
    expect((await baimo('people teams add lab')).code).toBe(0)
    expect((await baimo('people teams join lab Tester')).out).toBe('Tester is in team lab.\n')
    expect((await baimo('people teams')).out).toMatch(/lab +Tester/)
    expect(await baimo('people remove Tester')).toMatchObject({ code: 2 })
    expect((await baimo('people remove Tester --yes')).out).toBe('Removed Tester.\n')
    expect((await baimo('people')).out).not.toContain('Tester')
  })

  it('gives a new owner link that opens the market once', async () => {
    const { out } = await baimo('link')
    const url = /^Owner link \(once, one hour\): (http\S+)\n$/.exec(out)?.[1] ?? ''
    const first = await fetch(url, { redirect: 'manual' })
    expect(first.status).toBe(303)
    expect((await fetch(url, { redirect: 'manual' })).status).toBe(404)
  })
})

describe('baimo doctor and config', () => {
  it('finds every part of a running market well', async () => {
    const { code, out } = await baimo('doctor')
    expect(out).not.toMatch(/^broken/m)
    expect(code).toBe(0)
    for (const part of ['node', 'home', 'market', 'key', 'database', 'engine', 'provider acme'])
      expect(out).toMatch(new RegExp(`^\\w+ +${part} `, 'm'))
  })

  it('says how to mend what is broken, and ends with 1', async () => {
    const home = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    writeFileSync(join(home, 'owner.key'), '', { mode: 0o600 })
    const port = new URL(market.url).port
    const { code, out } = await runCommand(['doctor', '--json'], { home, env: { PORT: port } })
    const { state, checks } = JSON.parse(out)
    expect({ code, state }).toEqual({ code: 1, state: 'broken' })
    expect(checks).toContainEqual(expect.objectContaining({ part: 'owner.key', state: 'broken' }))
    expect(checks).toContainEqual(
      expect.objectContaining({ part: 'port', found: expect.stringContaining(`${port} is taken`) }),
    )
    rmSync(home, { recursive: true })
  })

  it('lists settings without showing a secret', async () => {
    const env = { DATABASE_URL: 'postgres://u:secret@h/d', BAIMO_KEY: 'secret' }
    const { out } = await baimo('config', { env })
    expect(out).toMatch(/DATABASE_URL +set /)
    expect(out).not.toContain('secret@')
  })
})

describe('baimo, called in a way that does not work', () => {
  it('says where it looked when no market runs, and how to start one', async () => {
    const home = join(folder, 'nobody-here')
    const { code, err } = await runCommand(['models'], { home })
    expect({ code, err }).toEqual({
      code: 1,
      err: `baimo: No market runs on ${home}. Start it with "baimo start" (in a checkout "npm start"), or set BAIMO_URL to one that runs elsewhere.\n`,
    })
  })

  it('notices that the market of a home has ended without a word', async () => {
    const home = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    writeFileSync(join(home, 'market.json'), '{"url":"http://127.0.0.1:9","pid":4194304}')
    const { code, err } = await runCommand(['models'], { home })
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('has ended') })
    rmSync(home, { recursive: true })
  })

  it('gives the error as JSON with --json, and nothing on standard output', async () => {
    const { code, out, err } = await baimo('models show nobody/nothing --json')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(JSON.parse(err).error).toMatchObject({
      code: 'catalog_model_unknown',
      status: 404,
      message: expect.any(String),
      request_id: expect.any(String),
    })
  })

  it.each(['asl', 'ask', 'keys nothing', 'ask m x --max-tokens many', 'start --fast'])(
    'ends "baimo %s" with 2 and points to the help',
    async (args) => {
      const { code, out, err } = await baimo(args)
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toMatch(/^baimo: .* See "baimo[ a-z]* --help"\.\n$/)
    },
  )

  it.each([
    '',
    'start',
    'ask',
    'models',
    'models set',
    'models order',
    'usage',
    'add',
    'keys',
    'people',
    'link',
    'doctor',
    'config',
  ])('shows help of "baimo %s"', async (command) => {
    const { code, out } = await baimo(`${command} --help`.trim())
    expect(code).toBe(0)
    expect(out).toContain('Usage: baimo')
  })
})

describe('baimo start', () => {
  it('prints the address, the link and nothing else on standard output', () => {
    const lines = market
      .output()
      .split('\n')
      .filter((line) => /^(Baimo is open at|Owner link)/.test(line))
    expect(lines).toEqual([
      `Baimo is open at ${market.url}`,
      expect.stringMatching(/^Owner link \(once, one hour\): http\S+\/link\/\S+$/),
    ])
  })

  it.each([
    ['a home that is in use', () => ({ BAIMO_HOME: market.home }), /already runs on/, 1],
    ['a port that is taken', () => ({ PORT: new URL(market.url).port }), /Port \d+ .* taken/, 1],
    [
      'a home below a file',
      () => ({ BAIMO_HOME: join(fileWith('file', ''), 'x') }),
      /cannot be written/,
      1,
    ],
    ['a setting that is wrong', () => ({ PORT: 'many' }), /PORT must be a whole number/, 2],
  ])('refuses %s with one line', async (_, env, reason, exit) => {
    const home = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    const { code, out, err } = await runCommand(['start'], { home, env: { PORT: '0', ...env() } })
    expect({ code, out }).toEqual({ code: exit, out: '' })
    expect(err.trimEnd().split('\n').at(-1)).toMatch(reason)
    rmSync(home, { recursive: true, force: true })
  })

  it('prints one object with --json, and stops in order on a signal', async () => {
    const home = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    const { code, out } = await runCommand(['start', '--json'], {
      home,
      env: { PORT: '0', BAIMO_LOG: 'silent' },
      interruptAt: /\}\n/,
    })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      url: expect.stringMatching(/^http:/),
      owner_link: expect.stringContaining('/link/'),
      found: expect.any(Array),
    })
    expect(await runCommand(['models'], { home })).toMatchObject({ code: 1 })
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  })

  it('stops when the process that started it is gone', async () => {
    const home = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    const child = fork(cli, ['start'], {
      env: { PATH: process.env.PATH, BAIMO_HOME: home, PORT: '0', BAIMO_LOG: 'silent' },
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    })
    child.stdout?.once('data', () => child.disconnect())
    const code = await new Promise((resolve) => child.on('exit', resolve))
    expect(code).toBe(0)
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  })

  it('serves on when nobody reads what it prints', async () => {
    const home = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    const child = spawn(process.execPath, [cli, 'start'], {
      env: { PATH: process.env.PATH, BAIMO_HOME: home, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    child.stderr.destroy()
    const ended = new Promise((resolve) => child.on('exit', resolve))
    await vi.waitUntil(() => existsSync(join(home, 'market.json')), { timeout: 30_000 })
    // The line with the address is written after the file: two requests later it was.
    for (let i = 0; i < 2; i++)
      expect(await runCommand(['models'], { home })).toMatchObject({ code: 0, err: '' })
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(existsSync(join(home, 'pg', 'postmaster.pid'))).toBe(false)
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  }, 60_000)

  it.runIf(process.platform !== 'win32')('opens a home whatever the umask allows', async () => {
    const base = mkdtempSync(join(tmpdir(), 'baimo-cli-'))
    const home = join(base, 'below', 'home')
    const { code, out } = await inShell('umask 0777; exec "$@" start --json', {
      BAIMO_HOME: home,
      PORT: '0',
      BAIMO_LOG: 'silent',
    })
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('owner_link') })
    expect(statSync(home).mode & 0o700).toBe(0o700)
    expect(statSync(join(home, 'secret.key')).mode & 0o777).toBe(0o600)
    rmSync(base, { recursive: true, force: true, maxRetries: 20 })
  })
})

describe.runIf(process.platform === 'linux')('baimo, on what Linux has', () => {
  it('says in one line that its output cannot be written', async () => {
    const { code, err } = await inShell('"$@" config > /dev/full', {})
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^baimo: The output cannot be written \(ENOSPC.*\)\.\n$/),
    })
  })

  it('refuses a home where no folder can be made, instead of trying forever', async () => {
    const { code, err } = await inShell('"$@" start', { BAIMO_HOME: '/proc/x/y', PORT: '0' })
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^baimo: \/proc\/x\/y cannot be written .*\n$/),
    })
  })
})
