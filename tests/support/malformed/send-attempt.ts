import { connect, type Socket, type SocketConstructorOpts, type TcpNetConnectOpts } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Reading, readAnswers } from './read-answers.ts'
import type { Attempt } from './types.ts'

/** What came of one attempt. */
export interface Outcome {
  readonly reading: Reading
  /** How the connection went: kept open, closed, reset, or nothing came in time. */
  readonly end: 'open' | 'closed' | 'reset' | 'timeout'
  readonly totalMs: number
  /** What the connection carried just before; null: nothing. */
  readonly before: string | null
}

export interface Sender {
  send(attempt: Attempt): Promise<Outcome>
  close(): void
}

const WHOLE_MS = 30_000
/** How long an incomplete request is watched before its sender gives up. */
const PARTIAL_MS = 400

/** Sends attempts, each alone on its connection; whole ones use a connection again. */
export function openSender(host: string, port: number): Sender {
  const idle: Socket[] = []
  /** What a connection has carried, to tell which request it did not get over. */
  const lasts = new WeakMap<Socket, string>()

  async function once(attempt: Attempt, socket: Socket): Promise<Outcome> {
    const startedMs = performance.now()
    const listening = listen(attempt, socket)
    for (const part of attempt.parts) {
      if (typeof part === 'number') await sleep(part)
      else if (socket.writable) socket.write(part)
    }
    if (attempt.ending === 'half-close') socket.end()
    if (attempt.ending === 'leave') socket.destroy()
    const result = await listening
    const canGoOn = result.end === 'open' && attempt.isWhole && !saysClose(result.reading)
    const before = lasts.get(socket) ?? null
    lasts.set(socket, `seed ${attempt.seed}: ${attempt.about}`)
    if (canGoOn) idle.push(socket)
    else socket.destroy()
    return { ...result, before, totalMs: performance.now() - startedMs }
  }

  return {
    async send(attempt) {
      const used = attempt.isWhole ? idle.pop() : undefined
      if (used?.writable) {
        const result = await once(attempt, used)
        const isStale = /closed|reset/.test(result.end) && isNothing(result.reading)
        if (!isStale) return result
      }
      return once(attempt, await open({ host, port, allowHalfOpen: !attempt.isWhole }))
    },
    close: () => {
      for (const socket of idle) socket.destroy()
    },
  }
}

function open(to: TcpNetConnectOpts & SocketConstructorOpts): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(to)
    socket.setNoDelay(true)
    socket.on('error', reject)
    socket.on('connect', () => resolve(socket))
  })
}

function listen(attempt: Attempt, socket: Socket): Promise<Pick<Outcome, 'reading' | 'end'>> {
  const parts: Buffer[] = []
  return new Promise((resolve) => {
    const finish = (end: Outcome['end']): void => {
      clearTimeout(timer)
      socket.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
      resolve({ reading: readAnswers(Buffer.concat(parts), attempt.methods), end })
    }
    const timer = setTimeout(() => finish('timeout'), attempt.isWhole ? WHOLE_MS : PARTIAL_MS)
    socket.removeAllListeners('error').on('error', () => finish('reset'))
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      if (!attempt.isWhole) return
      const reading = readAnswers(Buffer.concat(parts), attempt.methods)
      if (reading.kind === 'broken' || reading.answers.length > 0) finish('open')
    })
    socket.on('end', () => finish('closed'))
    socket.on('close', () => finish('closed'))
  })
}

function isNothing(reading: Reading): boolean {
  return reading.kind === 'answers' && reading.answers.length === 0 && reading.rest === 0
}

function saysClose(reading: Reading): boolean {
  if (reading.kind === 'broken') return true
  return reading.answers.at(-1)?.headers.get('connection') === 'close'
}
