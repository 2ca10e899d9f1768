import type { AskEnd } from '../gateway/index.ts'
import { type JsonObject, Refusal, type RequestId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { PairPlan } from '../ratings/index.ts'
import type { ArenaMeans } from './arena-means.ts'
import { type Draw, drawContestants, planWithout } from './draw-contestants.ts'
import { conversationOf, RunningSides, type SideEnd, type SidesOwner } from './run-sides.ts'
import {
  dropTurn,
  updateDraw,
  updateOpened,
  updateReopened,
  updateRunning,
  updateVoided,
} from './store.ts'
import { forgetTexts, insertAnswer, insertEvents, insertRequest } from './store-texts.ts'
import type { Battle, BattleEvent, Contestant, Message, Side } from './types.ts'

type Database = Parameters<typeof updateDraw>[0]

/** Draws of one battle, the first one included. */
export const MOST_DRAWS = 3
/** A process that has not said so for this long runs the battle no more. */
export const LEASE_MS = 30_000
const RENEW_MS = 10_000
/** Codes that are about the caller or the market, so that another pair would fare no better. */
const NOT_A_SIDES = /^(limits|metering|store)_|^gateway_(stopping|bodies_too_many)/

/** Who may be drawn, and how likely each pair is. */
export interface Pool {
  readonly all: readonly Contestant[]
  readonly plan: PairPlan
  readonly controlShare: number
}

export interface RunWish {
  readonly battle: Battle
  readonly principal: Principal
  /** Null: those of the first turn go on, or were named. */
  readonly pool: Pool | null
  readonly contestants: readonly [Contestant, Contestant] | null
  /** What each turn added, the new one last. */
  readonly turns: readonly (readonly Message[])[]
  readonly answers: readonly [readonly string[], readonly string[]]
  /** The last number told before, and what was shown by then. */
  readonly from: { readonly seq: number; readonly shown: readonly [number, number] }
}

interface Told {
  readonly event: BattleEvent | null
  readonly before: ((db: Database) => Promise<unknown>) | null
}

/** One turn of a battle, from its draw to the end of both answers. All it tells is committed. */
export class BattleRun implements SidesOwner {
  /** What was told of this turn, in order. */
  readonly events: BattleEvent[] = []
  /** The number of the first of them. */
  readonly firstSeq: number
  readonly #means: ArenaMeans
  readonly #wish: RunWish
  readonly #ended: () => void
  readonly #watchers = new Set<() => void>()
  readonly #out = new Set<Contestant['modelId']>()
  #queue: Told[] = []
  #writing: Promise<void> | null = null
  #seq: number
  #shown: [number, number]
  #sides: RunningSides | null = null
  #draws = 0
  #drawn: Draw | null = null
  #isVoted = false
  #hasShown = false
  #isClosing = false
  #isOver = false
  #renewedAtMs: number

  constructor(means: ArenaMeans, wish: RunWish, ended: () => void) {
    this.#means = means
    this.#wish = wish
    this.#ended = ended
    this.#seq = wish.from.seq
    this.firstSeq = wish.from.seq + 1
    this.#shown = [...wish.from.shown]
    this.#renewedAtMs = means.clock.monotonicMs()
  }

  /** Calls back whenever more was told; returns the way to stop. */
  watch(call: () => void): () => void {
    this.#watchers.add(call)
    return () => void this.#watchers.delete(call)
  }

  /** Whether nothing more will be told. */
  get isOver(): boolean {
    return this.#isOver && this.#queue.length === 0 && this.#writing === null
  }

  start(first: Draw | null): void {
    const { contestants } = this.#wish
    if (first !== null) this.#begin(first)
    else if (contestants !== null) this.#ask(contestants)
    else this.#void('arena_answers_failed')
  }

  /** The market stops: what ran is void, and nobody need wait for a lease. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#sides?.leave()
    if (!this.#isOver) this.#void('arena_process_lost')
    while (this.#writing !== null) await this.#writing
  }

  #begin(draw: Draw): void {
    const { battle } = this.#wish
    this.#draws += 1
    const { a, b, isControl, probability } = draw
    const row = {
      kind: isControl ? ('control' as const) : ('battle' as const),
      ...{ a: a.modelId, b: b.modelId, probability, draws: this.#draws },
    }
    this.#drawn = draw
    this.#tell(null, async (db) => {
      if (!(await updateDraw(db, battle.id, row))) this.#abandon()
    })
    this.#ask([a, b])
  }

  #ask(asked: readonly [Contestant, Contestant]): void {
    const sides = new RunningSides({ ask: this.#means.ask, clock: this.#means.clock }, this)
    this.#sides = sides
    sides.start(this.#wish.principal, asked, [this.#bodyOf(0), this.#bodyOf(1)])
  }

  #bodyOf(side: 0 | 1): JsonObject {
    const { turns, answers, battle } = this.#wish
    const messages = conversationOf(
      turns.map((turn) => turn.map(({ role, content }) => ({ role, content }))),
      answers[side],
    )
    return {
      messages,
      stream: true,
      ...(battle.maxTokens === null ? {} : { max_tokens: battle.maxTokens }),
    }
  }

  shown(added: readonly [string, string]): void {
    const { battle } = this.#wish
    if (!this.#hasShown) {
      this.#hasShown = true
      const at = new Date(this.#means.clock.nowMs())
      this.#tell(['open', { turn: battle.turn }], (db) => updateOpened(db, battle.id, at))
    }
    this.#renew()
    if (added[0] === '' && added[1] === '') return
    this.#shown = [this.#shown[0] + added[0].length, this.#shown[1] + added[1].length]
    this.#tell(['text', { turn: battle.turn, a: added[0], b: added[1] }], null)
  }

  over(ends: readonly [SideEnd, SideEnd]): void {
    const { battle } = this.#wish
    this.#isOver = true
    this.#tell(['end', { turn: battle.turn }], async (db) => {
      for (const end of ends) await insertAnswer(db, battle.id, answerOf(battle.turn, end))
      await updateRunning(db, battle.id, null)
      await this.#forgetIfVoted(db)
    })
  }

  recorded(requestId: RequestId): void {
    const { id, kind } = this.#wish.battle
    this.#tell(null, async (db) => {
      await insertRequest(db, id, requestId)
      // Both are named: there is nothing to hide.
      if (kind === 'comparison') await this.#means.revealUsage(db, [requestId])
    })
  }

  failed(side: Side, end: AskEnd & { kind: 'failed' | 'left' }): void {
    if (this.#isClosing) return
    const code = end.kind === 'failed' && end.error instanceof Refusal ? end.error.code : ''
    if (this.#isVoted) this.#abandon()
    else if (this.#wish.battle.turn > 1) this.#drop()
    else if (NOT_A_SIDES.test(code)) this.#void(code)
    else this.#replace(side)
  }

  /** Another pair, where there is one; what is said here of the one that failed is nothing. */
  #replace(side: Side): void {
    const failed = this.#drawn?.[side].modelId
    if (failed !== undefined) this.#out.add(failed)
    const draw = this.#draws < MOST_DRAWS ? this.#drawAgain() : null
    if (draw === null) {
      this.#void('arena_answers_failed')
      return
    }
    this.#restart()
    this.#begin(draw)
  }

  /** Among those that did not fail here. */
  #drawAgain(): Draw | null {
    const { pool } = this.#wish
    if (pool === null) return null
    const { all, controlShare } = pool
    const lots = this.#means.drawLots()
    const isControl = lots.control < controlShare
    const left = isControl ? all.filter(({ modelId }) => !this.#out.has(modelId)) : all
    return drawContestants(left, planWithout(pool.plan, all, this.#out), { controlShare, lots })
  }

  /** The vote was cast already: what is left to come matters to nobody. */
  voted(): void {
    this.#isVoted = true
  }

  #abandon(): void {
    this.#isVoted = true
    this.#isOver = true
    this.#sides?.leave()
    this.#tell(null, async (db) => {
      await updateRunning(db, this.#wish.battle.id, null)
      await this.#forgetIfVoted(db)
    })
  }

  /** What was shown of a pair that failed is taken back. */
  #restart(): void {
    if (!this.#hasShown) return
    const { battle, from } = this.#wish
    this.#hasShown = false
    this.#shown = [...from.shown]
    this.#tell(['restart', { turn: battle.turn }], (db) => updateReopened(db, battle.id))
  }

  /** A later turn that failed never was: the turns before it may be voted on. */
  #drop(): void {
    const { battle, from } = this.#wish
    this.#isOver = true
    this.#shown = [...from.shown]
    this.#tell(['dropped', { turn: battle.turn, code: 'arena_answers_failed' }], async (db) => {
      await dropTurn(db, battle.id, battle.turn)
      await updateRunning(db, battle.id, null)
    })
  }

  #void(code: string): void {
    const { battle } = this.#wish
    this.#isOver = true
    const at = new Date(this.#means.clock.nowMs())
    this.#tell(['voided', { code }], async (db) => {
      const isVoid = await updateVoided(db, battle.id, { code, at })
      if (isVoid) await this.#means.revealBattle(db, battle.id)
      else await updateRunning(db, battle.id, null)
      await forgetTexts(db, battle.id, battle.consent)
    })
  }

  async #forgetIfVoted(db: Database): Promise<void> {
    const { battle } = this.#wish
    if (await this.#means.isVoted(db, battle.id)) {
      await forgetTexts(db, battle.id, {
        prompt: battle.consent.prompt,
        answers: battle.consent.answers,
      })
      await this.#means.revealBattle(db, battle.id)
    }
  }

  #renew(): void {
    const nowMs = this.#means.clock.monotonicMs()
    if (nowMs - this.#renewedAtMs < RENEW_MS) return
    this.#renewedAtMs = nowMs
    const until = new Date(this.#means.clock.nowMs() + LEASE_MS)
    this.#tell(null, (db) => updateRunning(db, this.#wish.battle.id, until))
  }

  #tell(event: [string, JsonObject] | null, before: Told['before']): void {
    if (event !== null) this.#seq += 1
    const [name, data] = event ?? ['', {}]
    const told = event === null ? null : { seq: this.#seq, name, data, shown: this.#shown }
    this.#queue.push({ event: told, before })
    this.#writing ??= this.#write()
  }

  /** Commits what is queued, then tells it: nobody hears of what is not kept. */
  async #write(): Promise<void> {
    const { store, clock, log } = this.#means
    const { id } = this.#wish.battle
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue.splice(0)
        const events = batch.flatMap(({ event }) => event ?? [])
        await store.transaction(async (trx) => {
          for (const { before } of batch) await before?.(trx)
          await insertEvents(trx, id, events, new Date(clock.nowMs()))
        })
        this.events.push(...events)
        for (const call of [...this.#watchers]) call()
      }
    } catch (error) {
      // Its lease ends, and with it the battle: who watches is told so then.
      log.error({ battle_id: id, reason: String(error) }, 'a battle could not be kept')
      this.#queue = []
      this.#isOver = true
      this.#sides?.leave()
    } finally {
      this.#writing = null
      if (this.#queue.length > 0) this.#writing = this.#write()
      else if (this.#isOver) {
        this.#ended()
        for (const call of [...this.#watchers]) call()
      }
    }
  }
}

function answerOf(turn: number, { side, requestId, end, text }: SideEnd) {
  return {
    ...{ turn, side, usageId: requestId, text, characters: text.length },
    variantId: end.usage?.variantId ?? null,
    listingId: end.usage?.listingId ?? null,
    outcome: end.kind === 'refused' ? ('refused' as const) : ('answered' as const),
    finishReason: end.kind === 'answered' ? end.finishReason : null,
  }
}
