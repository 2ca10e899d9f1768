// One replica of many: takes limits as told, and says when it was admitted or refused.
import { Refusal, silentLog } from '../../src/kernel/index.ts'
import { type LimitHold, openLimits, type Timing } from '../../src/limits/index.ts'
import { openStore } from '../../src/store/index.ts'
import { watchDraws } from '../support/limits-draws.ts'
import { seededRandom } from '../support/seeded-random.ts'

/** What the parent tells in one argument, as JSON. */
export interface TakeOrder {
  readonly url: string
  readonly seed: number
  readonly caller: { keyId: string | null; personId: null; teamId: null; organisationId: string }
  readonly concurrency: number
  readonly totalMs: number
  /** Tokens of a request: from 0 to below this; 0: none. */
  readonly tokensBelow: number
  /** How long a request runs: from 0 to below this. */
  readonly runBelowMs: number
  /** What a refused one waits before it asks again. */
  readonly pauseMs: number
  readonly timing: Partial<Timing>
}

/** One request: by the machine's clock that never goes back, in milliseconds. */
export interface Taken {
  readonly atMs: number
  readonly isAdmitted: boolean
  readonly code: string
  readonly tokens: number
  readonly consumed: number
  readonly endedMs: number
}

const order = JSON.parse(process.argv[2] ?? '{}') as TakeOrder
const random = seededRandom(order.seed)
const store = await openStore({
  home: { path: '', databasePath: '', runPath: '' },
  databaseUrl: order.url,
  log: silentLog,
  onProgress: () => {},
})
/** The same for all processes of the machine. */
const readMs = (): number => Number(process.hrtime.bigint()) / 1e6
const drawnMs = watchDraws()
let statements = 0
const limits = await openLimits({
  store,
  clock: { nowMs: () => Date.now(), monotonicMs: readMs },
  log: silentLog,
  timing: order.timing,
  mayLimit: async () => 'allowed',
  metrics: {
    counter: (name: string) => ({
      add: () => {
        if (name === 'baimo_limit_statements_total') statements += 1
      },
      with: () => ({ add: () => {} }),
    }),
    gaugeFrom: () => {},
  } as never,
})
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const taken: Taken[] = []
let untilMs = 0

async function takeOne(): Promise<void> {
  const tokens = order.tokensBelow === 0 ? 0 : 1 + random.below(order.tokensBelow - 1)
  try {
    const answer = limits.take(order.caller as never, tokens)
    const isAtOnce = !(answer instanceof Promise)
    const hold: LimitHold | null = isAtOnce ? answer : await answer
    // Who waited is answered in the order of drawing.
    const atMs = (isAtOnce ? drawnMs.pop() : drawnMs.shift()) ?? readMs()
    const consumed = random.below(10) === 0 ? 0 : random.below(tokens + 1)
    await sleep(random.below(order.runBelowMs))
    hold?.settle(consumed)
    taken.push({ atMs, isAdmitted: true, code: '', tokens, consumed, endedMs: readMs() })
  } catch (error) {
    const code = error instanceof Refusal ? error.code : String(error)
    const atMs = readMs()
    taken.push({ atMs, isAdmitted: false, code, tokens, consumed: 0, endedMs: atMs })
    await sleep(order.pauseMs)
  }
}

async function work(): Promise<void> {
  untilMs = readMs() + order.totalMs
  const one = async (): Promise<void> => {
    while (readMs() < untilMs) await takeOne()
  }
  await Promise.all(Array.from({ length: order.concurrency }, one))
}

process.on('message', async (message) => {
  if (message === 'go') {
    await work()
    process.send?.({ worked: true })
  }
  if (message === 'finish') {
    await limits.close()
    await store.close()
    process.send?.({ taken, statements }, () => process.disconnect?.())
  }
})
process.send?.({ ready: true })
