import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { recorder } from '../../tests/support/terminal.ts'
import { runCommandLine } from './program.ts'

let folder = ''
let server: Server | null = null
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baimo-program-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  server?.closeAllConnections()
  server?.close()
  server = null
})

/** A market that answers as it is told. */
async function serve(answer: RequestListener): Promise<Record<string, string>> {
  server = createServer(answer)
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { BAIMO_URL: `http://127.0.0.1:${port}`, BAIMO_KEY: 'k', BAIMO_HOME: folder }
}

function sayEvents(...events: readonly string[]): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'r' })
    response.end(events.map((event) => `data: ${event}\n\n`).join(''))
  }
}

const piece = (content: string) => JSON.stringify({ model: 'm', choices: [{ delta: { content } }] })
const ending = JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop' }] })

it('prints what an answer holds, harmless on a terminal and untouched into a pipe', async () => {
  const env = await serve(sayEvents(piece('a\u001b[2J'), piece('b'), ending, '[DONE]'))
  const [screen, pipe] = [recorder('', { isOutTerminal: true }), recorder()]
  expect(await runCommandLine(['ask', 'm', 'hi'], screen, env)).toBe(0)
  expect(await runCommandLine(['ask', 'm', 'hi'], pipe, env)).toBe(0)
  expect([screen.said.out, pipe.said.out]).toEqual(['a[2Jb\n', 'a\u001b[2Jb\n'])
})

it('shows reasoning apart from the answer, and who answered, on a terminal', async () => {
  const thought = JSON.stringify({ choices: [{ delta: { reasoning_content: 'hm' } }] })
  const env = await serve(sayEvents(thought, piece('42'), ending, '[DONE]'))
  const screen = recorder('', { isErrTerminal: true })
  expect(await runCommandLine(['ask', 'm', 'hi'], screen, env)).toBe(0)
  expect(screen.said.out).toBe('42\n')
  expect(screen.said.err).toMatch(/^hm\nm · tokens unknown · first after /)
})

it.each([
  [
    'an error event',
    [piece('a'), '{"error":{"message":"The provider failed.","code":"x"}}'],
    'The provider failed.',
  ],
  ['an end without an ending', [piece('a')], 'The answer broke off'],
])('fails on %s, after what had arrived', async (_, events, message) => {
  const env = await serve(sayEvents(...events))
  const terminal = recorder()
  expect(await runCommandLine(['ask', 'm', 'hi'], terminal, env)).toBe(1)
  expect(terminal.said.out).toBe('a\n')
  expect(terminal.said.err).toContain(message)
})

it('fails when the connection breaks in the middle', async () => {
  const env = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${piece('a')}\n\n`, () => response.destroy())
  })
  const terminal = recorder()
  expect(await runCommandLine(['ask', 'm', 'hi'], terminal, env)).toBe(1)
  expect(terminal.said.err).toContain('The answer broke off')
})

it('shows a refusal in either shape of the API, and an answer that has no shape', async () => {
  const bodies = [
    JSON.stringify({ detail: 'No such thing.', code: 'a_b', status: 404 }),
    JSON.stringify({ error: { message: 'No such thing.', code: 'a_b' } }),
    '<html>',
  ]
  const env = await serve((_, response) => {
    response.writeHead(404, { 'x-request-id': 'r' }).end(bodies.shift())
  })
  const said: string[] = []
  for (let i = 0; i < 3; i++) {
    const terminal = recorder()
    expect(await runCommandLine(['models', '--json'], terminal, env)).toBe(1)
    said.push(JSON.parse(terminal.said.err).error)
  }
  const problem = { message: 'No such thing.', code: 'a_b', status: 404, request_id: 'r' }
  expect(said).toMatchObject([problem, problem, { code: 'cli_answer_unreadable', status: 404 }])
})

it('reads a list to its last page', async () => {
  const pages = [
    { data: [{ alias: 'a', target: 'x', target_kind: 'model' }], next_cursor: 'c/1' },
    { data: [{ alias: 'b', target: 'y', target_kind: 'model' }], next_cursor: null },
  ]
  const asked: (string | undefined)[] = []
  const env = await serve((request, response) => {
    asked.push(request.url)
    response.end(JSON.stringify(pages.shift()))
  })
  const terminal = recorder()
  await runCommandLine(['models', 'aliases'], terminal, env)
  expect(asked).toEqual(['/api/aliases', '/api/aliases?cursor=c%2F1'])
  expect(terminal.said.out).toBe(
    'ALIAS  LEADS TO  KIND\na      x         model\nb      y         model\n',
  )
})

it.each([
  ['', 'is empty'],
  ['a key\nand more', 'holds more than a key'],
  ['x'.repeat(9_000), 'holds more than a key'],
])('refuses a key file that holds %j', async (text, message) => {
  const path = join(folder, 'provider.key')
  writeFileSync(path, text)
  const terminal = recorder()
  const args = ['add', 'openai', '--key-file', path]
  expect(await runCommandLine(args, terminal, { BAIMO_HOME: folder })).toBe(1)
  expect(terminal.said.err).toContain(message)
})

it('sends a key of standard input to the market, and to nobody else', async () => {
  let body = ''
  const env = await serve(async (request, response) => {
    for await (const chunk of request) body += chunk
    response.writeHead(400).end('{"detail":"No."}')
  })
  const terminal = recorder(' sk-1\n')
  await runCommandLine(['add', 'openai', '--key-file', '-'], terminal, env)
  expect(JSON.parse(body)).toEqual({ kind: 'openai', key: 'sk-1' })
  expect(terminal.said.err).not.toContain('sk-1')
})

it('refuses a wrong setting before anything else', async () => {
  const terminal = recorder()
  expect(await runCommandLine(['models'], terminal, { PORT: 'x' })).toBe(2)
  expect(terminal.said.err).toBe('baimo: PORT must be a whole number from 0 to 65535, not "x".\n')
})

it('shows help without a command, and its version', async () => {
  const terminal = recorder()
  expect(await runCommandLine([], terminal, {})).toBe(0)
  expect(terminal.said.out).toContain('Usage: baimo')
  const second = recorder()
  expect(await runCommandLine(['--version'], second, {})).toBe(0)
  expect(second.said.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  const third = recorder()
  expect(await runCommandLine(['--version', '--json'], third, {})).toBe(0)
  expect(JSON.parse(third.said.out)).toEqual({ version: second.said.out.trim() })
})

it.each([
  [['-5+3'], '-5+3'],
  [['-5', '+', '3'], '-5 + 3'],
  [['--', '--verbos'], '--verbos'],
])('asks a prompt that begins with a hyphen: %j', async (words, prompt) => {
  let asked = ''
  const env = await serve((request, response) => {
    request.on('data', (chunk) => {
      asked += String(chunk)
    })
    request.on('end', () => sayEvents(piece('a'), ending, '[DONE]')(request, response))
  })
  expect(await runCommandLine(['ask', 'm', ...words], recorder(), env)).toBe(0)
  expect(JSON.parse(asked).messages).toEqual([{ role: 'user', content: prompt }])
})

it('takes a mistyped option for no prompt', async () => {
  const terminal = recorder()
  expect(await runCommandLine(['ask', 'm', 'hi', '--verbos'], terminal, {})).toBe(2)
  expect(terminal.said.err).toContain('There is no option --verbos.')
})

it('draws a download on a terminal, and tells how it ended', async () => {
  const download = {
    id: 'd',
    source: 'hf:acme/lion',
    state: 'running',
    model: 'acme/lion',
    size_bytes: 1_000,
    done_bytes: 500,
    bytes_per_second: 100,
    remaining_seconds: 5,
    waits_for: null,
    error: null,
    listing_id: null,
  }
  const offer = {
    ...{
      source: 'hf:acme/lion',
      publisher: 'acme',
      page_url: 'http://h/acme/lion',
      licence: 'mit',
    },
    ...{ model: 'acme/lion', same_as: null, has_room: true, size_bytes: 1_000 },
    ...{ missing_bytes: 1_000, free_bytes: 9_000, chosen: { name: 'lion.gguf', files: [{}] } },
  }
  let looks = 0
  const env = await serve((request, response) => {
    const isOffer = request.url?.includes('/offer') === true
    if (request.url === '/api/downloads/d') looks += 1
    const state = looks < 2 ? 'running' : 'done'
    response.end(JSON.stringify(isOffer ? offer : { ...download, state }))
  })
  const terminal = recorder('', { isErrTerminal: true, columns: 100 })
  expect(await runCommandLine(['add', 'hf:acme/lion', '--yes'], terminal, env)).toBe(0)
  expect(terminal.said.err).toContain(
    '████████████░░░░░░░░░░░░  50 %  500 B of 1 kB  100 B/s  5.0 s left',
  )
  expect(terminal.said.err.endsWith('\r\u001b[K')).toBe(true)
  expect(terminal.said.out).toBe('Added acme/lion.\nAsk it: baimo ask acme/lion "Hello"\n')
})

it('says how a download failed, and takes no options of other sources', async () => {
  const failed = {
    id: 'd',
    source: 'hf:a/b',
    state: 'failed',
    error: { code: 'hubs_cut_off', message: 'Cut.' },
  }
  const offer = { same_as: null, has_room: false, chosen: { name: 'x', files: [] } }
  const env = await serve((request, response) => {
    response.end(JSON.stringify(request.url?.includes('/offer') === true ? offer : failed))
  })
  const terminal = recorder()
  expect(await runCommandLine(['add', 'hf:a/b', '--json'], terminal, env)).toBe(1)
  expect(JSON.parse(terminal.said.err).error).toMatchObject({
    code: 'hubs_cut_off',
    message: 'Cut.',
  })
  const misplaced = recorder()
  expect(await runCommandLine(['add', 'hf:a/b', '--key-file', 'x'], misplaced, env)).toBe(2)
  expect(misplaced.said.err).toContain('takes no --key-file')
})

it('has every command in the table of docs/cli.md, and no other', async () => {
  const terminal = recorder()
  await runCommandLine(['--help'], terminal, { BAIMO_HOME: folder })
  const help = terminal.said.out.split('Commands:')[1] ?? ''
  const called = [...help.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name)
  const table = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8').split(
    '\n## ',
  )[0]
  const told = [...(table ?? '').matchAll(/^\| `baimo ([a-z]+)/gm)].map(([, name]) => name)
  expect([...new Set(told)].toSorted()).toEqual(called.filter((name) => name !== 'help').toSorted())
})
