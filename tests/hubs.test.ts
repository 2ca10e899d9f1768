import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  openScriptedHub,
  type ScriptedFile,
  type ScriptedHub,
  sha256Of,
} from './hubs/scripted-hub.ts'
import { root } from './support/build.ts'
import { type CommandOptions, runCommand } from './support/command-line.ts'
import { withTemplate } from './support/engine.ts'
import { type Market, startMarket } from './support/market.ts'
import { splitGguf } from './support/split-gguf.ts'

const TOKEN = 'hf_a-secret-of-the-owner'
const ECHO = '{{ messages[0].content }}'

let hub: ScriptedHub
let market: Market
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-hub-home-'))
  hub = await openScriptedHub([])
  market = await startMarket({ home: join(folder, 'home'), env: environment() })
}, 90_000)
afterAll(async () => {
  await market.stop()
  await hub.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
}, 60_000)

/** Weights that no other test has: the house model with words of its own behind the template. */
let made = 0
beforeEach(() => {
  made += 1
  const content = withTemplate(`${ECHO}{# lion ${made} #}`)
  hub.files.splice(0, hub.files.length, { path: 'lion.Q8_0.gguf', content })
  Object.assign(hub, { token: null, isGated: false, apiAnswer: null, licence: 'apache-2.0' })
  hub.requests.length = 0
})

const file = (): ScriptedFile => {
  const [one] = hub.files
  if (one === undefined) throw new Error('the hub of this test has no file')
  return one
}

function environment(): Record<string, string> {
  return { HF_ENDPOINT: hub.endpoint, MODELSCOPE_ENDPOINT: hub.endpoint, HF_TOKEN: TOKEN }
}

function baimo(args: string, options: Partial<CommandOptions> = {}) {
  return runCommand(args.split(' '), { home: market.home, ...options })
}

async function api(method: string, path: string, body?: object) {
  const answer = await fetch(market.url + path, {
    method,
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, json: JSON.parse(await answer.text()) }
}

/** All files below the folder for models. */
function kept(): string[] {
  const models = join(market.home, 'models')
  return readdirSync(models, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('.downloads'))
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('baimo add of a hub’s model', () => {
  it.each(['hf', 'ms'])(
    'shows what comes, fetches it from %s, and the model answers',
    async (prefix) => {
      hub.licence = 'lion-licence'
      const added = await baimo(`add ${prefix}:acme/lion-GGUF --yes --name acme/lion-${prefix}`)
      expect(added.code, added.err).toBe(0)
      expect(added.err).toMatch(/^Licence {4}lion-licence \(http:\/\/127/m)
      expect(added.err).toMatch(/^Publisher {2}acme$/m)
      expect(added.err).toMatch(/^Files {6}lion\.Q8_0\.gguf$/m)
      expect(added.err).toMatch(/^Size {7}[\d.]+ kB; .* are free$/m)
      expect(added.out).toBe(
        `Added acme/lion-${prefix}.\nAsk it: baimo ask acme/lion-${prefix} "Hello"\n`,
      )
      const asked = await baimo(`ask acme/lion-${prefix} 2+2= --temperature 0 --max-tokens 4`)
      expect(asked.code, asked.err).toBe(0)
      const { json } = await api('GET', `/api/models/acme/lion-${prefix}`)
      expect(json.facts.licence).toMatchObject({
        known: true,
        value: 'lion-licence',
        source: expect.stringContaining('/acme/lion-GGUF'),
      })
      expect(json.variants[0].weights_sha256).toBe(sha256Of(file().content))
    },
  )

  it('gives the name by repository and quantisation', async () => {
    const { code, out } = await baimo('add hf:acme/lion-GGUF:q8_0 -y --json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ state: 'done', model: 'acme/lion:Q8_0' })
    expect((await baimo('ask acme/lion:Q8_0 1+1= --max-tokens 2')).code).toBe(0)
  })

  it('runs a split model by its parts', async () => {
    const parts = splitGguf(file().content)
    hub.files.splice(
      0,
      1,
      ...parts.map((content, at) => ({ path: `q/lion-F16-0000${at + 1}-of-00002.gguf`, content })),
    )
    const added = await baimo('add hf:acme/lion-GGUF:F16 --yes --name acme/split')
    expect(added.code, added.err).toBe(0)
    expect(added.err).toContain('lion-F16-00001-of-00002.gguf and 1 more part\n')
    const asked = await baimo('ask acme/split 1+1= --max-tokens 2')
    expect(asked.code, asked.err).toBe(0)
  })

  it('says so where the weights are here already, and fetches nothing', async () => {
    hub.files.splice(0, 1, {
      path: 'abacus.gguf',
      content: readFileSync('models/abacus-small.gguf'),
    })
    const { code, out } = await baimo('add hf:acme/lion-GGUF')
    expect(code).toBe(0)
    expect(out).toContain('These weights are here already as baimo/abacus-small')
    expect(hub.fileRequests()).toEqual([])
  })

  it('is refused without a terminal and without --yes, and fetches nothing', async () => {
    const { code, err } = await baimo('add hf:acme/lion-GGUF')
    expect(code).toBe(2)
    expect(err).toContain('Licence    apache-2.0')
    expect(err).toContain('give --yes')
    expect(hub.fileRequests()).toEqual([])
  })

  it('adds nothing and keeps nothing where the checksum is wrong', async () => {
    file().toldSha256 = 'e'.repeat(64)
    const before = kept()
    const { code, err } = await baimo('add hf:acme/lion-GGUF --yes --name acme/wrong')
    expect(code).toBe(1)
    expect(err).toMatch(/baimo: What Hugging Face sent as lion\.Q8_0\.gguf is not what it says/)
    expect(kept()).toEqual(before)
    expect((await api('GET', '/api/models/acme/wrong')).status).toBe(404)
  })

  it('goes on in the market when the command line is interrupted, until it is cancelled', async () => {
    file().faults = [{ kind: 'drip', bytes: 1_000, gapMs: 100 }]
    const before = kept()
    const { process: child } = market
    const left = await interruptWhenRunning(['add', 'hf:acme/lion-GGUF', '--yes'])
    expect(left.err).toContain('The download goes on in the market.')
    expect(left.code).toBe(130)
    expect(child.exitCode).toBeNull()
    expect((await running()).length).toBe(1)
    const { code, out } = await baimo('add hf:acme/lion-GGUF --cancel')
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Cancelled hf:acme/lion-GGUF. What it had brought is removed.\n',
    })
    expect(await running()).toEqual([])
    expect(kept()).toEqual(before)
  })

  it('is refused a name that is taken before anything is fetched, and shows the real one', async () => {
    const taken = await baimo('add hf:acme/lion-GGUF --yes --name baimo/Abacus-Small')
    expect(taken.code).toBe(1)
    expect(taken.err).toContain(
      'Another model is called baimo/Abacus-Small: choose another --name.',
    )
    expect(hub.fileRequests()).toEqual([])
    const shown = await baimo('add hf:acme/lion-GGUF --name my_lion')
    expect(shown.err).toMatch(/^Model {6}local\/my_lion$/m)
  })

  it('stops in order wherever a download is, and the next start adds its model', async () => {
    const parts = splitGguf(file().content)
    hub.files.splice(
      0,
      1,
      ...parts.map((content, at) => ({ path: `q/cub-F16-0000${at + 1}-of-00002.gguf`, content })),
    )
    const { json } = await api('POST', '/api/downloads', {
      source: 'hf:acme/lion-GGUF:F16',
      name: 'acme/cub',
    })
    await market.end('SIGTERM')
    market = await startMarket({ home: market.home, env: environment() })
    await until(async () => (await api('GET', `/api/downloads/${json.id}`)).json.state === 'done')
    expect((await baimo('ask acme/cub 1+1= --max-tokens 2')).code).toBe(0)
  }, 60_000)

  it('checks and adds a file so large that it is hashed in a thread of its own', async () => {
    const content = Buffer.concat([file().content, Buffer.alloc(20_000_000)])
    hub.files.splice(0, 1, { path: 'large.Q8_0.gguf', content })
    const { code, err } = await baimo('add hf:acme/lion-GGUF --yes --name acme/large')
    expect(code, err).toBe(0)
    const { json } = await api('GET', '/api/models/acme/large')
    expect(json.variants[0].weights_sha256).toBe(sha256Of(content))
  })

  it('removes a file that is what the hub says and no model', async () => {
    hub.files.splice(0, 1, { path: 'cat.Q8_0.gguf', content: Buffer.from('no model at all') })
    const before = kept()
    const { code, err } = await baimo('add hf:acme/lion-GGUF --yes --name acme/cat')
    expect(code).toBe(1)
    expect(err).toMatch(/It is what the hub says it is, and was removed/)
    expect(kept()).toEqual(before)
  })

  it('goes on where it stopped after the market was killed', async () => {
    file().faults = [{ kind: 'stall', afterBytes: 30_000 }]
    const { json } = await api('POST', '/api/downloads', {
      source: 'hf:acme/lion-GGUF',
      name: 'acme/back',
    })
    await until(
      async () => (await api('GET', `/api/downloads/${json.id}`)).json.done_bytes >= 30_000,
    )
    await market.kill9()
    market = await startMarket({ home: market.home, env: environment() })
    await until(async () => (await api('GET', `/api/downloads/${json.id}`)).json.state === 'done')
    expect(hub.fileRequests().at(-1)?.headers.range).toBe('bytes=30000-')
    expect((await baimo('ask acme/back 1+1= --max-tokens 2')).code).toBe(0)
  }, 60_000)

  it.each<[string, () => void, RegExp]>([
    [
      'is not there',
      () => Object.assign(hub, { apiAnswer: { status: 404 } }),
      /has no acme\/lion-GGUF/,
    ],
    [
      'is for those who accepted its terms',
      () => Object.assign(hub, { apiAnswer: { status: 403 } }),
      /refuses the token of HF_TOKEN \(403\). Accept the terms at/,
    ],
    [
      'is asked for too often',
      () => Object.assign(hub, { apiAnswer: { status: 429, headers: { 'retry-after': '30' } } }),
      /Try again in 30 s/,
    ],
    ['has no model', () => hub.files.splice(0, 1), /has no GGUF file/],
    [
      'has several',
      () =>
        hub.files.splice(
          0,
          1,
          { ...file(), path: 'a-Q2_K.gguf' },
          { ...file(), path: 'a-Q3_K.gguf' },
        ),
      /There is: Q2_K, Q3_K. Choose one, such as hf:acme\/lion-GGUF:Q2_K/,
    ],
  ])('says in one line what to do where it %s', async (_, arrange, words) => {
    arrange()
    const { code, err } = await baimo('add hf:acme/lion-GGUF --yes')
    expect(code).toBe(1)
    expect(err).toMatch(words)
    expect(err.trim().split('\n')).toHaveLength(1)
  })
})

describe('a hub that sends elsewhere', () => {
  it.each([
    ['to another name', 'http://localhost:1/lion.gguf', 'localhost'],
    ['to an address inside', 'http://10.1.2.3/lion.gguf', '10.1.2.3'],
    ['to cloud metadata', 'http://169.254.169.254/latest/', '169.254.169.254'],
  ])('%s is not followed, and the way out is named', async (_, to, host) => {
    file().faults = [{ kind: 'redirect', to }]
    const { code, err } = await baimo('add hf:acme/lion-GGUF --yes')
    expect(code).toBe(1)
    expect(err).toMatch(/none of its hosts|inside this network/)
    if (!host.startsWith('169')) expect(err).toContain(`BAIMO_HUB_HOSTS=${host}`)
  })

  it('never gets the token of the hub', async () => {
    const other = await openScriptedHub([file()])
    hub.token = TOKEN
    file().faults = [{ kind: 'redirect', to: `${other.endpoint}/x/resolve/${file().path}` }]
    const { code, err } = await baimo('add hf:acme/lion-GGUF --yes --name acme/elsewhere')
    expect(code, err).toBe(0)
    expect(hub.fileRequests()[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`)
    expect(other.requests).toHaveLength(1)
    expect(JSON.stringify(other.requests)).not.toContain(TOKEN)
    await other.close()
  })

  it('leaves no token in notes, logs and answers', async () => {
    const { json } = await api('GET', '/api/downloads')
    expect(json.data.length).toBeGreaterThan(0)
    expect(JSON.stringify(json) + market.output()).not.toContain(TOKEN)
    const notes = join(market.home, 'models', '.downloads')
    for (const name of readdirSync(notes))
      expect(readFileSync(join(notes, name), 'utf8')).not.toContain(TOKEN)
  })
})

/** Ctrl-C once the download of a command runs. */
async function interruptWhenRunning(args: string[]) {
  const child = spawn(process.execPath, [join(root, 'build', 'cli.js'), ...args], {
    env: { PATH: process.env.PATH, BAIMO_HOME: market.home },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let err = ''
  child.stderr.on('data', (chunk) => {
    err += String(chunk)
  })
  const ended = once(child, 'close')
  await until(async () => (await running()).length === 1 && err.includes('%'))
  child.kill('SIGINT')
  const [code] = await ended
  return { code, err }
}

async function running() {
  const { json } = await api('GET', '/api/downloads')
  const hasEnded = ({ state }: { state: string }) => ['done', 'failed', 'cancelled'].includes(state)
  return json.data.filter((each: { state: string }) => !hasEnded(each))
}

async function until(isSo: () => Promise<boolean>) {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}
