import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort, type Peer, untilAnswers } from './peer.ts'

const folder = join(import.meta.dirname, 'portkey')
const program = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')

/** Portkey's gateway as npm has it, from the locked manifest beside; null: it did not install. */
export async function openPortkey(upstreamPort: number): Promise<Peer | null> {
  if (!existsSync(program) && !(await install())) return null
  const port = await freePort()
  const child = spawn(process.execPath, [program, `--port=${port}`, '--headless'], {
    cwd: folder,
    stdio: 'ignore',
  })
  await untilAnswers(port)
  const headers = {
    authorization: 'Bearer upstream',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstreamPort}/v1`,
  }
  return {
    name: 'Portkey',
    port,
    headers,
    pid: child.pid ?? null,
    canStream: await canStream(port, headers),
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** `npm ci` without install scripts, in the peer's own folder; whether it went well. */
async function install(): Promise<boolean> {
  process.stderr.write('installing the peer Portkey (once) …\n')
  const npm = spawn('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
  })
  const [code] = (await once(npm, 'exit')) as [number | null]
  return code === 0
}

/** Whether a stream arrives: with some versions of the packages it takes, every one fails. */
async function canStream(port: number, headers: Record<string, string>): Promise<boolean> {
  const messages = [{ role: 'user', content: 'Say 2 chunks.' }]
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'bench-model', stream: true, messages }),
    signal: AbortSignal.timeout(5_000),
  }).then(
    (response) => response.text(),
    () => '',
  )
  return answer.includes('data: [DONE]')
}
