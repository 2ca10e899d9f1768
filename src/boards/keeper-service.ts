import type { Clock, Log } from '../kernel/index.ts'
import type { Store } from '../store/index.ts'
import { type Follower, followMoves, type Through } from './follow-moves.ts'
import type { Names, PairRow } from './live-counts.ts'
import type { Rater } from './open-rater.ts'
import { openPlan, type Plan, type PlanTiming, type Side } from './plan-ratings.ts'
import { keyOfClaim } from './rate-live-board.ts'
import { type KeeperLock, selectBoardById, takeKeeperLock } from './store.ts'
import {
  readControls,
  readCounts,
  readMoves,
  readThrough,
  selectPairs,
  selectPrompts,
  selectStyled,
} from './store-counts.ts'
import {
  insertVersion,
  selectCertificates,
  selectLastRaters,
  selectStaleBoards,
  trimVersions,
} from './store-versions.ts'
import { MOST_STYLED_VOTES } from './style-ring.ts'
import type { Board, VoteMove } from './types.ts'
import type { RatingNews } from './types-worker.ts'

/** Boards in memory; the one that was rated longest ago leaves first. */
const MOST_OPEN = 64
const TRIM_EVERY_MS = 10 * 60_000
/** Well below the time after which a silent connection is cut. */
const TOUCH_EVERY_MS = 5_000

export const METHOD = 'penalised'

export interface KeeperOptions {
  readonly store: Pick<Store, 'db' | 'pool' | 'transaction'>
  readonly clock: Clock
  readonly log: Log
  readonly rater: Rater
  /** Version of this code, kept in every board version. */
  readonly codeVersion: string
  /** What models are called now, by id, and which are retired, by name. */
  readonly modelNames: () => {
    readonly names: Names
    readonly retired: ReadonlySet<string>
    /** What the typical request costs, by name; null: unknown. */
    readonly prices: ReadonlyMap<string, number | null>
  }
  readonly timing?: Partial<KeeperTiming> | undefined
}

export interface KeeperTiming {
  /** How often moves of other processes are looked for, and the lock where another holds it. */
  readonly lookMs: number
  readonly lockMs: number
  readonly plan?: PlanTiming
}

/** Rates the boards of a database: of all processes on it one does. */
export interface Keeper {
  /** Counts moved in this process, and are committed. */
  votesMoved(): void
  /** Resolves when every move that is visible now is on its boards, settled. */
  whenRated(): Promise<void>
  readonly isKeeping: boolean
  close(): Promise<void>
}

interface OpenBoard {
  readonly board: Board
  readonly pairs: Set<number>
  readonly models: Set<string>
  /** Moves that its counts held when they were read, beyond those that were followed. */
  ahead: readonly number[]
  areStylesStale: boolean
  ratedAtMs: number
}

/** Everything that is lost with the lock. */
interface Keeping {
  readonly lock: KeeperLock
  readonly follower: Follower
  readonly plan: Plan
  readonly open: Map<number, OpenBoard>
  readonly generation: number
}

export function openKeeper(options: KeeperOptions): Keeper {
  const keeper = new BoardKeeper(options)
  const running = keeper.run()
  return {
    votesMoved: () => keeper.wake(),
    whenRated: () => keeper.whenRated(),
    get isKeeping() {
      return keeper.isKeeping
    },
    async close() {
      keeper.stop()
      await running
    },
  }
}

class BoardKeeper {
  readonly #options: KeeperOptions
  readonly #timing: KeeperTiming
  #keeping: Keeping | null = null
  #isStopping = false
  #wake: () => void = () => {}
  #isWoken = false
  #trimmedAtMs = Number.NEGATIVE_INFINITY
  #touchedAtMs = Number.NEGATIVE_INFINITY
  #idle: (() => void)[] = []

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#timing = { lookMs: 400, lockMs: 1_000, ...options.timing }
  }

  get isKeeping(): boolean {
    return this.#keeping?.lock.isHeld ?? false
  }

  wake(): void {
    this.#isWoken = true
    this.#wake()
  }

  stop(): void {
    this.#isStopping = true
    this.wake()
  }

  whenRated(): Promise<void> {
    this.wake()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  async run(): Promise<void> {
    let hasFailed = false
    while (!this.#isStopping) {
      try {
        await this.#step()
        hasFailed = false
      } catch (error) {
        if (!hasFailed && !this.#isStopping)
          this.#options.log.warn({ reason: String(error) }, 'boards are not rated at present')
        hasFailed = true
        await this.#letGo()
        await this.#pause(this.#timing.lockMs)
      }
    }
    await this.#letGo()
    this.#answerIdle()
  }

  async #step(): Promise<void> {
    const { clock, rater } = this.#options
    if (this.#keeping !== null) {
      const isLost = !this.#keeping.lock.isHeld || this.#keeping.generation !== rater.generation
      if (isLost) await this.#letGo()
    }
    this.#keeping ??= await this.#begin()
    if (this.#keeping === null) return this.#pause(this.#timing.lockMs)
    this.#isWoken = false
    await this.#touch(this.#keeping.lock)
    const waiting = this.#idle.length
    const isBehind = await this.#follow(this.#keeping)
    const { plan } = this.#keeping
    const task = plan.take(clock.monotonicMs())
    if (task !== null) await this.#rate(this.#keeping, task)
    if (plan.isEmpty && !isBehind) for (const resolve of this.#idle.splice(0, waiting)) resolve()
    if (task !== null || isBehind) return
    await this.#trim()
    const waitMs = plan.waitMs(clock.monotonicMs()) ?? this.#timing.lookMs
    await this.#pause(Math.min(waitMs, this.#timing.lookMs))
  }

  async #touch(lock: KeeperLock): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#touchedAtMs < TOUCH_EVERY_MS) return
    this.#touchedAtMs = nowMs
    await lock.touch()
  }

  /** Takes the lock and finds what was left undone; null: another process keeps the boards. */
  async #begin(): Promise<Keeping | null> {
    const { store, rater, codeVersion, clock } = this.#options
    const lock = await takeKeeperLock(store.pool)
    if (lock === null) return null
    const plan = openPlan(this.#timing.plan)
    const follower = followMoves(await readThrough(store.db))
    const keeping = { lock, follower, plan, open: new Map(), generation: rater.generation }
    this.#keeping = keeping
    for (const [at, side] of (await selectStaleBoards(store.db, codeVersion)).entries())
      plan.moved({ ...side, isOverall: at === 0 }, clock.monotonicMs())
    return keeping
  }

  async #letGo(): Promise<void> {
    const keeping = this.#keeping
    this.#keeping = null
    for (const board of keeping?.open.keys() ?? [])
      this.#options.rater.tell({ kind: 'close', board })
    await keeping?.lock.release().catch((error: unknown) => {
      this.#options.log.debug({ reason: String(error) }, 'the lock of the boards went by itself')
    })
  }

  /** Reads the moves that came, and tells them to the boards in memory. */
  async #follow(keeping: Keeping): Promise<boolean> {
    const { store } = this.#options
    const reading = await readMoves(store.db, keeping.follower.through())
    keeping.follower.read(reading)
    const byBoard = new Map<number, VoteMove[]>()
    for (const move of reading.moves)
      for (const boardId of move.boardIds) {
        const moves = byBoard.get(boardId) ?? []
        byBoard.set(boardId, moves)
        moves.push(move)
      }
    for (const [boardId, moves] of byBoard) await this.#moveBoard(keeping, boardId, moves)
    return reading.isFull
  }

  async #moveBoard(
    { open, plan }: Keeping,
    boardId: number,
    moves: readonly VoteMove[],
  ): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs()
    const isOverall = moves.some(({ boardIds }) => boardIds[0] === boardId)
    plan.moved({ boardId, isStyled: false, isOverall }, nowMs)
    if (moves.some(({ style }) => style !== null))
      plan.moved({ boardId, isStyled: true, isOverall }, nowMs)
    const seat = open.get(boardId)
    if (seat === undefined) return
    const { store, rater } = this.#options
    const unknown = moves.map(({ pair }) => pair).filter((pair) => !seat.pairs.has(pair))
    if (unknown.length > 0) this.#addPairs(seat, await selectPairs(store.db, unknown))
    rater.tell({ kind: 'moves', board: boardId, moves })
    if (moves.some(({ sign }) => sign < 0)) seat.areStylesStale = true
    const prompts = [...new Set(moves.flatMap(({ prompt }) => prompt ?? []))]
    if (prompts.length === 0) return
    const rows = await selectPrompts(store.db, boardId, prompts)
    rater.tell({ kind: 'prompts', board: boardId, prompts, rows })
  }

  #addPairs(seat: OpenBoard, rows: readonly PairRow[]): void {
    for (const { pair, first, second } of rows) {
      seat.pairs.add(pair)
      seat.models.add(first).add(second)
    }
    this.#options.rater.tell({ kind: 'pairs', board: seat.board.id, rows })
  }

  async #rate(keeping: Keeping, task: Side & { readonly isSettled: boolean }): Promise<void> {
    const { clock, rater, log } = this.#options
    const seat = keeping.open.get(task.boardId) ?? (await this.#load(keeping, task.boardId))
    if (seat === null) return
    seat.ratedAtMs = clock.monotonicMs()
    if (task.isStyled && seat.areStylesStale) await this.#loadStyles(seat)
    const through = throughOf(keeping.follower.through(), seat.ahead)
    seat.ahead = []
    const { names, retired, prices } = this.#options.modelNames()
    const news = await rater.rate({
      board: task.boardId,
      isStyled: task.isStyled,
      isSettled: task.isSettled,
      names: [...seat.models].map((id) => [id, names.get(id) ?? id]),
      retired: [...retired],
      seed: task.boardId,
      controls: await readControls(this.#options.store.db, seat.board),
      prices: [...prices],
    })
    if (news.kind === 'rated') return this.#keep(keeping, { task, news, through })
    if (keeping.generation !== rater.generation) throw new Error(news.reason)
    if (task.isStyled) return log.debug({ board: task.boardId, reason: news.reason }, 'no style')
    log.error({ board: task.boardId, reason: news.reason }, 'a board cannot be rated')
  }

  /** Brings a board into memory; null: it is gone. */
  async #load({ open, follower }: Keeping, boardId: number): Promise<OpenBoard | null> {
    const { store, rater } = this.#options
    const board = await selectBoardById(store.db, boardId)
    if (board === null) return null
    this.#makeRoom(open)
    const on = { boardId, number: null }
    const records = [
      await selectCertificates(store.db, { ...on, isStyled: false }),
      await selectCertificates(store.db, { ...on, isStyled: true }),
    ] as const
    const standing = records.map((record) =>
      record
        .filter(({ voidedAt }) => voidedAt === null)
        .map(({ better, worse }) => keyOfClaim(better, worse)),
    )
    const [plain = [], styled = []] = standing
    rater.tell({
      kind: 'open',
      board: boardId,
      standing: [plain, styled],
      wasOnePerson: [
        await this.#wasOnePerson(boardId, false),
        await this.#wasOnePerson(boardId, true),
      ],
    })
    const seat: OpenBoard = {
      board,
      pairs: new Set(),
      models: new Set(),
      ahead: [],
      areStylesStale: true,
      ratedAtMs: 0,
    }
    const { low, extra } = follower.through()
    const included = await readCounts(store, board, {
      low,
      sink: {
        pairs: (rows) => this.#addPairs(seat, rows),
        raters: (text) => rater.tell({ kind: 'raters', board: boardId, text }),
        prompts: (rows) => rater.tell({ kind: 'prompts', board: boardId, prompts: null, rows }),
        drift: (rows) => rater.tell({ kind: 'drift', board: boardId, rows }),
      },
    })
    seat.ahead = included.filter((seq) => !extra.includes(seq))
    rater.tell({ kind: 'loaded', board: boardId, included: seat.ahead })
    open.set(boardId, seat)
    return seat
  }

  async #wasOnePerson(boardId: number, isStyled: boolean): Promise<boolean> {
    const last = await selectLastRaters(this.#options.store.db, { boardId, isStyled })
    return last === 1
  }

  async #loadStyles(seat: OpenBoard): Promise<void> {
    const rows = await selectStyled(this.#options.store.db, seat.board, MOST_STYLED_VOTES)
    this.#options.rater.tell({ kind: 'styles', board: seat.board.id, rows })
    seat.areStylesStale = false
  }

  #makeRoom(open: Map<number, OpenBoard>): void {
    if (open.size < MOST_OPEN) return
    const [oldest] = [...open].sort(([, a], [, b]) => a.ratedAtMs - b.ratedAtMs)
    if (oldest === undefined) return
    open.delete(oldest[0])
    this.#options.rater.tell({ kind: 'close', board: oldest[0] })
  }

  async #keep(
    { plan }: Keeping,
    {
      task,
      news,
      through,
    }: {
      readonly task: Side
      readonly news: Extract<RatingNews, { kind: 'rated' }>
      readonly through: Through
    },
  ): Promise<void> {
    const { store, clock, codeVersion } = this.#options
    const { certified, ended, raters } = news.rated
    await store.transaction((trx) =>
      insertVersion(trx, {
        boardId: task.boardId,
        isStyled: task.isStyled,
        madeAt: new Date(clock.nowMs()),
        method: METHOD,
        codeVersion,
        votes: news.votes,
        raters,
        models: news.models,
        through,
        isKept: certified.length > 0 || ended.length > 0,
        payload: news.payload,
        certified,
        ended,
      }),
    )
    if (news.isSettled) plan.settled(task, clock.monotonicMs(), news.tookMs)
    else plan.unsettled(task, clock.monotonicMs())
  }

  async #trim(): Promise<void> {
    const { store, clock } = this.#options
    if (clock.monotonicMs() - this.#trimmedAtMs < TRIM_EVERY_MS) return
    this.#trimmedAtMs = clock.monotonicMs()
    await trimVersions(store.db, new Date(clock.nowMs()))
  }

  #answerIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isWoken || this.#isStopping) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, ms))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = () => {}
  }
}

function throughOf({ low, extra }: Through, ahead: readonly number[]): Through {
  return { low, extra: [...new Set([...extra, ...ahead])].filter((seq) => seq > low) }
}
