import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ZodType } from 'zod'
import { root } from './support/build.ts'
import { everyRoute } from './support/every-route.ts'
import { attemptsOn } from './support/malformed/draw-attempt.ts'
import { judgeOutcome, type Rules } from './support/malformed/judge-outcome.ts'
import { type OpenWorld, openWorld } from './support/malformed/open-world.ts'
import { openSender } from './support/malformed/send-attempt.ts'

/*
 * Malformed requests over every endpoint, drawn from seeds, against the built market.
 *
 *   npx vitest run tests/malformed.test.ts                            5,000, as CI does
 *   BAIMO_MALFORMED=100000 npx vitest run tests/malformed.test.ts     by hand
 *   BAIMO_MALFORMED_SEED=1234 npx vitest run tests/malformed.test.ts  one seed, shown
 *   both: so many seeds from that one on
 */
const SEED = process.env.BAIMO_MALFORMED_SEED
const FIRST = Number(SEED ?? 0)
const COUNT = Number(process.env.BAIMO_MALFORMED ?? (SEED === undefined ? 5_000 : 1))
const IS_SHOWN = COUNT === 1
/** After so many the market is asked whether it is well. */
const ROUND = 1_000
const AT_ONCE = 12
const LONGEST_MS = 60_000 + COUNT * 20

const routes = everyRoute()
let world: OpenWorld
beforeAll(async () => {
  world = await openWorld()
}, 60_000)
afterAll(() => world.close())

test(
  'nothing malformed makes the market fail, leak or stop',
  async () => {
    const { market } = world
    const rules: Rules = { codes: knownCodes(), secrets: [...world.secrets, root] }
    const problems: string[] = []
    const slow: Book['slow'] = []
    const statuses = new Map<string, number>()
    const checks: Wellness[] = [await checkWellness()]
    const startedMs = performance.now()
    for (let from = FIRST; from < FIRST + COUNT && problems.length < 40; from += ROUND) {
      const round = { from, to: Math.min(from + ROUND, FIRST + COUNT) }
      await runRound(round, { rules, problems, statuses, slow })
      expect(market.process.exitCode, market.output()).toBeNull()
      checks.push(await checkWellness())
    }
    report({ seconds: (performance.now() - startedMs) / 1000, checks, statuses, slow })
    expect(problems).toEqual([])
    expect(market.output()).not.toMatch(/"level":(50|60)|Error:/)
    expect(Math.max(...checks.map(({ slowestMs }) => slowestMs))).toBeLessThan(3_000)
    const last = checks.at(-1)
    expect(last?.residentMb ?? 0).toBeLessThan(700)
    expect(last?.openFiles ?? 0).toBeLessThan((checks[0]?.openFiles ?? 0) + 60)
  },
  LONGEST_MS,
)

interface Book {
  readonly rules: Rules
  readonly problems: string[]
  readonly slow: { readonly ms: number; readonly about: string }[]
  readonly statuses: Map<string, number>
}

async function runRound({ from, to }: { from: number; to: number }, book: Book): Promise<void> {
  const now = await world.refresh()
  const attemptOf = attemptsOn(routes)
  const sender = openSender(now.host, now.port)
  let next = from
  async function work(): Promise<void> {
    while (next < to) {
      const attempt = attemptOf(next, now)
      next += 1
      if (IS_SHOWN) console.log(attempt.about, attempt.parts.map(String))
      const outcome = await sender.send(attempt)
      const problem = judgeOutcome(attempt, outcome, book.rules)
      const answers = outcome.reading.kind === 'answers' ? outcome.reading.answers : []
      for (const { status } of answers) count(book.statuses, String(status))
      if (answers.length === 0) count(book.statuses, `none, ${outcome.end}`)
      book.slow.push({ ms: outcome.totalMs, about: `seed ${attempt.seed}: ${attempt.about}` })
      if (problem !== null) book.problems.push(`seed ${attempt.seed}: ${attempt.about}: ${problem}`)
      if (IS_SHOWN) console.log(answers.map(({ status, body }) => `${status} ${body}`))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  sender.close()
}

function count(statuses: Map<string, number>, status: string): void {
  statuses.set(status, (statuses.get(status) ?? 0) + 1)
}

interface Wellness {
  readonly slowestMs: number
  readonly residentMb: number
  readonly openFiles: number
}

/** Asks good things as the owner; every list must be readable and of the shape it promises. */
async function checkWellness(): Promise<Wellness> {
  let slowestMs = 0
  const ask = async (method: string, path: string, body?: object) => {
    const startedMs = performance.now()
    const answer = await world.call(method, path, body === undefined ? {} : { body })
    slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    expect([path, answer.status, answer.json]).toEqual([path, 200, expect.anything()])
    return answer.json
  }
  await ask('GET', '/healthz')
  await ask('POST', '/v1/chat/completions', {
    model: 'acme/normal',
    messages: [{ role: 'user', content: 'hi' }],
  })
  for (const route of routes) {
    if (route.kind !== 'json' || route.method !== 'GET' || /[:*]/.test(route.path)) continue
    // One's own board is there once one has voted.
    if (['/', '/metrics', '/api/boards/mine'].includes(route.path)) continue
    if (route.query?.safeParse({}).success === false) continue // it needs to be told what
    const json = await ask('GET', route.path)
    const problem = (route.answer as ZodType | undefined)?.safeParse(json).error
    expect([route.path, problem?.issues.slice(0, 3)]).toEqual([route.path, undefined])
  }
  const { pid } = world.market.process
  if (process.platform !== 'linux') return { slowestMs, residentMb: 0, openFiles: 0 }
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const residentMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
  return { slowestMs, residentMb, openFiles: readdirSync(`/proc/${pid}/fd`).length }
}

function knownCodes(): ReadonlySet<string> {
  const page = readFileSync(join(root, 'docs', 'api', 'errors.md'), 'utf8')
  return new Set([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code ?? '')).add(
    'model_not_found',
  )
}

function report(run: {
  readonly seconds: number
  readonly checks: readonly Wellness[]
  readonly statuses: ReadonlyMap<string, number>
  readonly slow: Book['slow']
}): void {
  const slowest = Math.max(...run.checks.map(({ slowestMs }) => slowestMs))
  const memory = run.checks.map(({ residentMb }) => Math.round(residentMb))
  const shown = memory.length > 12 ? [...memory.slice(0, 3), '…', ...memory.slice(-6)] : memory
  const counts = [...run.statuses].toSorted().map(([status, times]) => `${status}: ${times}`)
  const slow = run.slow.toSorted((one, two) => two.ms - one.ms).slice(0, 5)
  console.log(
    [
      `${COUNT} attempts in ${run.seconds.toFixed(0)} s`,
      `answers ${counts.join(', ')}`,
      `slowest good request ${slowest.toFixed(0)} ms`,
      `resident MB ${shown.join(' ')}`,
      ...slow.map(({ ms, about }) => `slow: ${ms.toFixed(0)} ms, ${about}`),
    ].join('\n'),
  )
}
