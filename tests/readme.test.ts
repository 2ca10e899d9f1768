import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { openScriptedUpstream } from './upstream/scripted-upstream.ts'

const root = dirname(import.meta.dirname)
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** Fenced blocks of a language, in their order. */
function blocksOf(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] ?? '',
  )
}

const folder = mkdtempSync(join(tmpdir(), 'baimo-readme-'))
let market: ChildProcess | null = null
afterAll(async () => {
  if (market !== null && market.exitCode === null) {
    const ended = once(market, 'exit')
    market.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
}, 60_000)

/** The files a fresh clone would have, as they stand now: nothing installed, nothing built. */
function copyTracked(to: string): void {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  for (const name of execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0')) {
    if (name === '' || !existsSync(join(root, name))) continue
    mkdirSync(dirname(join(to, name)), { recursive: true })
    cpSync(join(root, name), join(to, name))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

test('README.md keeps within 120 lines', () => {
  expect(readme.split('\n').length).toBeLessThanOrEqual(121)
})

test('README.zh.md has the sections, the blocks, the points and the links of README.md', () => {
  const chinese = readFileSync(join(root, 'README.zh.md'), 'utf8')
  const countsOf = (text: string) => ({
    sections: text.match(/^## /gm)?.length,
    blocks: [...text.matchAll(/^```(\w+)$/gm)].map(([, language]) => language),
    points: text.match(/^- /gm)?.length,
    links: [...text.matchAll(/\]\(((?:docs|models|[A-Z]+)[^)]*\.md)\)/g)].map(([, to]) => to),
    settings: [...new Set(text.match(/`--?[a-z-]+/g))].toSorted(),
  })
  const [translated, original] = [countsOf(chinese), countsOf(readme)]
  const isOwn = (link: string | undefined) => link !== 'README.zh.md' && link !== 'README.md'
  expect({ ...translated, links: translated.links.filter(isOwn) }).toEqual({
    ...original,
    links: original.links.filter(isOwn),
  })
})

test('the commands of README.md, typed in order into an empty clone, do what it says', async () => {
  copyTracked(folder)
  const port = await freePort()
  const ollama = await openScriptedUpstream()
  const commands = blocksOf('sh').map((block) =>
    block.replaceAll('7777', String(port)).replaceAll('http://localhost:11434', ollama.baseUrl),
  )
  const [start, next, curl] = commands
  expect(start).toBe('npm start\n')
  const env = { ...cleanEnvironment(), PORT: String(port), BAIMO_LOG: 'warn' }

  // In the shell's own place, so that the signal at the end reaches it.
  const typed = `exec ${start?.trim()}`
  market = spawn('sh', ['-c', typed], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  market.stdout?.on('data', (text) => {
    output += String(text)
  })
  market.stderr?.resume()
  const expected = (blocksOf('text')[0] ?? '').replaceAll('7777', String(port)).trim().split('\n')
  const deadline = performance.now() + 300_000
  while (!output.includes('Owner link') && performance.now() < deadline) await sleep(100)
  // npm begins with two lines of its own, marked so.
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('>'))
  expect(lines[0]).toBe(expected[0])
  expect(lines[1]?.startsWith(expected[1]?.replace('…', '') ?? '?')).toBe(true)

  const run = (script: string) =>
    promisify(execFile)('sh', ['-ec', script], { cwd: folder, env, timeout: 60_000 })
  const { stdout: said } = await run(next ?? '')
  expect(said).toContain('42')
  expect(said).toMatch(/baimo_[A-Za-z0-9]{20,}/)

  const answer = JSON.parse((await run(curl ?? '')).stdout)
  const shown = JSON.parse(blocksOf('json')[0] ?? '')
  expect(shape(answer)).toEqual(shape(shown))
  await ollama.close()
}, 400_000)

interface Answer {
  readonly usage: Readonly<Record<string, unknown>>
}

/** The answer without what differs from call to call. */
function shape(answer: Answer) {
  const usage = { ...answer.usage, prompt_tokens_details: { cached_tokens: 0 } }
  return { ...answer, usage, id: 'chatcmpl-', created: 0 }
}

/** As a person's shell has it: nothing of the test runner's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|NODE_(ENV|OPTIONS)$|VITEST|BAIMO_)/.test(name),
    ),
  )
}
