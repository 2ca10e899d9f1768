import type { BoardLeague } from '../boards/index.ts'
import { isUuid, newId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { ArenaMeans, ArenaOptions } from './arena-means.ts'
import { BattleRun, LEASE_MS, type RunWish } from './battle-run-service.ts'
import { drawContestants } from './draw-contestants.ts'
import { refuse } from './errors.ts'
import { leagueOf, listingsOf } from './find-contestants.ts'
import { type Judgement, type JudgementWish, judge } from './judge-service.ts'
import { demandCap, openPools } from './pool-service.ts'
import { revealSides } from './reveal-sides.ts'
import type { BattleView } from './shape-battle.ts'
import {
  insertBattle,
  selectBattle,
  selectBattles,
  selectIsVoted,
  updateTurn,
  updateVoided,
} from './store.ts'
import { selectSideUsage } from './store-reveal.ts'
import { selectSettings, upsertSettings } from './store-settings.ts'
import {
  forgetExpired,
  forgetTexts,
  insertTurn,
  selectAnswers,
  selectEvents,
  selectLastEvent,
  selectRequests,
  selectTurns,
} from './store-texts.ts'
import { textsOfAnswers, textsOfEvents } from './texts-of-events.ts'
import type {
  ArenaSettings,
  Battle,
  BattleEvent,
  BattleId,
  BattleKind,
  Consent,
  Contestant,
  Message,
  VoteWish,
} from './types.ts'
import { isLost, refuseTurn, VOTABLE_MS } from './vote-rules.ts'
import { voteInBattle } from './vote-service.ts'
import { openVotes, type Votes } from './votes-service.ts'

export interface BattleWish {
  /** What is asked; the last message is the person's. */
  readonly messages: readonly Message[]
  readonly consent: Consent
  /** Null: that of most models. */
  readonly league: BoardLeague | null
  /** Names of both sides: a comparison. Null: they are drawn. */
  readonly named: readonly [string, string] | null
  readonly maxTokens: number | null
}

/** What a watcher of a battle is given. */
export interface BattleWatch {
  /** What was told after a number and can be told by now. */
  next(afterSeq: number): Promise<readonly BattleEvent[]>
  /** Whether nothing more will come of it. */
  isOver(): Promise<boolean>
  /** Resolves when there may be more, after `longestWaitMs` at the latest. */
  wait(): Promise<void>
  readonly longestWaitMs: number
  close(): void
}

export interface Arena {
  create(caller: Principal, wish: BattleWish): Promise<BattleView>
  get(caller: Principal, id: string): Promise<BattleView>
  list(
    caller: Principal,
    page: { readonly cursor: string | null; readonly limit: number },
  ): Promise<Battle[]>
  addTurn(caller: Principal, id: string, prompt: string): Promise<BattleView>
  vote(caller: Principal, id: string, wish: VoteWish): Promise<BattleView>
  watch(caller: Principal, id: string): Promise<BattleWatch>
  /** A program's choice between two models; what it refuses with is in judge-service.ts. */
  judge(caller: Principal, wish: JudgementWish): Promise<Judgement>
  /** Votes, for those who look after them. */
  readonly votes: Votes
  /** `publisher/name`; null: the catalog has no such model. */
  nameOf(modelId: string): string | null
  settings(): Promise<ArenaSettings>
  setSettings(settings: ArenaSettings): Promise<ArenaSettings>
  /** Battles that run here end, void. */
  close(): Promise<void>
}

/** How long nothing may be heard of a battle that runs elsewhere before it is looked up anew. */
const POLL_MS = 200
const LONGEST_WAIT_MS = 1_000
const FORGET_EVERY_MS = 600_000

export function openArena(options: ArenaOptions): Arena {
  const { random, store } = options
  const means: ArenaMeans = {
    ...options,
    drawLots: () => ({ control: random(), pair: random(), place: random() }),
    isVoted: selectIsVoted,
    revealBattle: async (db, id) => options.revealUsage(db, await selectRequests(db, id)),
  }
  return new ArenaService(means, store)
}

class ArenaService implements Arena {
  readonly #means: ArenaMeans
  readonly #store: ArenaMeans['store']
  readonly votes: Votes
  readonly #pools: ReturnType<typeof openPools>
  readonly #runs = new Map<BattleId, BattleRun>()
  #isClosed = false
  #forgottenAtMs = 0

  constructor(means: ArenaMeans, store: ArenaMeans['store']) {
    this.#means = means
    this.#store = store
    this.#pools = openPools(means)
    this.votes = openVotes(means)
  }

  async create(caller: Principal, wish: BattleWish): Promise<BattleView> {
    const settings = await this.settings()
    await demandCap(this.#means, settings)
    const now = new Date(this.#means.clock.nowMs())
    await this.#forget(now)
    const snapshot = this.#means.catalog.snapshot()
    const named = wish.named === null ? null : this.#named(caller, wish.named)
    const league = wish.league ?? named?.[0].listings[0]?.league ?? leagueOf(snapshot)
    const pool = named === null ? await this.#pools.poolFor(caller, league, settings) : null
    const battle = newBattle(caller, {
      ...{ wish, league, named, now, kind: named === null ? 'battle' : 'comparison' },
    })
    await this.#store.transaction(async (trx) => {
      await insertBattle(trx, battle)
      await insertTurn(trx, battle.id, { turn: 1, messages: wish.messages, askedAt: now })
    })
    const turns = [wish.messages]
    const from = { seq: 0, shown: [0, 0] } as const
    this.#run({
      ...{ battle, principal: caller, pool, contestants: named, turns, from },
      answers: [[], []],
    })
    return this.get(caller, battle.id)
  }

  /** Texts of battles that nobody can vote in any more; now and then is enough. */
  async #forget(now: Date): Promise<void> {
    if (now.getTime() - this.#forgottenAtMs < FORGET_EVERY_MS) return
    this.#forgottenAtMs = now.getTime()
    await forgetExpired(this.#store.db, new Date(now.getTime() - VOTABLE_MS))
  }

  /** Refuses with `arena_model_unknown`. */
  #named(caller: Principal, names: readonly [string, string]): readonly [Contestant, Contestant] {
    const snapshot = this.#means.catalog.snapshot()
    const { isResting, mayBeDrawn } = this.#means
    const find = (name: string): Contestant => {
      const listings = listingsOf(snapshot, name, { principal: caller, isResting, mayBeDrawn })
      const [first] = listings
      if (first === undefined)
        throw refuse('arena_model_unknown', `No model ${JSON.stringify(name)} may be asked now.`)
      return { modelId: first.modelId, modelName: first.modelName, listings }
    }
    return [find(names[0]), find(names[1])]
  }

  #run(wish: RunWish): void {
    const { id } = wish.battle
    const run: BattleRun = new BattleRun(this.#means, wish, () => {
      if (this.#runs.get(id) === run) this.#runs.delete(id)
    })
    this.#runs.set(id, run)
    const { pool } = wish
    const draw =
      pool === null
        ? null
        : drawContestants(pool.all, pool.plan, { ...pool, lots: this.#means.drawLots() })
    run.start(draw)
    if (this.#isClosed) void run.close()
  }

  async get(caller: Principal, id: string): Promise<BattleView> {
    return this.#view(await this.#find(caller, id))
  }

  async #find(caller: Principal, id: string): Promise<Battle> {
    const { organisationId, subjectId } = caller
    const where = { id, organisationId, subjectId }
    const battle = isUuid(id) ? await selectBattle(this.#store.db, where) : null
    if (battle === null || battle.kind === 'judgement') throw unknownBattle()
    if (!isLost(battle, this.#means.clock.nowMs())) return battle
    const at = new Date(this.#means.clock.nowMs())
    await this.#store.transaction(async (trx) => {
      if (await updateVoided(trx, battle.id, { code: 'arena_process_lost', at }))
        await this.#means.revealBattle(trx, battle.id)
      await forgetTexts(trx, battle.id, battle.consent)
    })
    return (await selectBattle(this.#store.db, where)) ?? battle
  }

  async #view(battle: Battle): Promise<BattleView> {
    const { db } = this.#store
    const [turns, answers] = await Promise.all([
      selectTurns(db, battle.id),
      selectAnswers(db, battle.id),
    ])
    const isTold = battle.state === 'voted' || battle.kind === 'comparison'
    const texts = isTold
      ? textsOfAnswers(answers)
      : textsOfEvents(await selectEvents(db, battle.id, 0))
    const usage = isTold
      ? await selectSideUsage(
          db,
          answers.map(({ usageId }) => usageId),
        )
      : new Map()
    const naming = this.#means.catalog.rows()
    const reveal = isTold ? revealSides(battle, answers, { naming, usage }) : null
    return { battle, turns, answers, texts, reveal }
  }

  list(caller: Principal, page: { readonly cursor: string | null; readonly limit: number }) {
    const { organisationId, subjectId } = caller
    const beforeId = page.cursor !== null && isUuid(page.cursor) ? page.cursor : null
    return selectBattles(this.#store.db, { organisationId, subjectId, beforeId, limit: page.limit })
  }

  async addTurn(caller: Principal, id: string, prompt: string): Promise<BattleView> {
    const battle = await this.#find(caller, id)
    const nowMs = this.#means.clock.nowMs()
    const refusal = refuseTurn(battle, nowMs)
    if (refusal !== null) throw refusal
    await demandCap(this.#means, await this.settings())
    const contestants = this.#contestantsOf(caller, battle)
    const { db } = this.#store
    const [turns, answers, from] = await Promise.all([
      selectTurns(db, battle.id),
      selectAnswers(db, battle.id),
      selectLastEvent(db, battle.id),
    ])
    const messages: Message[] = [{ role: 'user', content: prompt }]
    const turn = battle.turn + 1
    const until = new Date(nowMs + LEASE_MS)
    await this.#store.transaction(async (trx) => {
      if (!(await updateTurn(trx, battle.id, { turn, until })))
        throw refuse('arena_turn_running', 'Another message came before. Wait for its answers.')
      await insertTurn(trx, battle.id, { turn, messages, askedAt: new Date(nowMs) })
    })
    const of = (side: 'a' | 'b'): string[] =>
      answers.filter((answer) => answer.side === side).map(({ text }) => text ?? '')
    this.#run({
      battle: { ...battle, turn },
      ...{ principal: caller, pool: null, contestants, from },
      turns: [...turns.map((each) => each.messages ?? []), messages],
      answers: [of('a'), of('b')],
    })
    return this.get(caller, battle.id)
  }

  /** Those of the turns before, whoever may be drawn by now. */
  #contestantsOf(caller: Principal, battle: Battle): readonly [Contestant, Contestant] {
    const snapshot = this.#means.catalog.snapshot()
    const find = (modelId: string | undefined): Contestant => {
      const name = snapshot.listings.find((listing) => listing.modelId === modelId)?.modelName
      const listings =
        name === undefined
          ? []
          : listingsOf(snapshot, name, {
              principal: caller,
              isResting: () => false,
              mayBeDrawn: this.#means.mayBeDrawn,
            })
      const [first] = listings
      if (first === undefined)
        throw refuse('arena_answers_failed', 'A side cannot answer any more. Vote on what you saw.')
      return { modelId: first.modelId, modelName: first.modelName, listings }
    }
    return [find(battle.models?.[0]), find(battle.models?.[1])]
  }

  async vote(caller: Principal, id: string, wish: VoteWish): Promise<BattleView> {
    const battle = await this.#find(caller, id)
    const isOutlier = await this.votes.isOutlier(caller.organisationId, caller.subjectId)
    const settings = await this.settings()
    await voteInBattle(this.#means, { caller, battle, wish, settings, isOutlier })
    this.#runs.get(battle.id)?.voted()
    this.votes.cast(battle.organisationId, battle.league)
    this.#means.votesMoved()
    return this.get(caller, id)
  }

  async watch(caller: Principal, id: string): Promise<BattleWatch> {
    const battle = await this.#find(caller, id)
    const run = this.#runs.get(battle.id)
    const { db } = this.#store
    const longestWaitMs = run === undefined ? POLL_MS : LONGEST_WAIT_MS
    let wake: () => void = () => undefined
    let hasMore = false
    const stop = run?.watch(() => {
      hasMore = true
      wake()
    })
    return {
      next: (afterSeq) =>
        run !== undefined && afterSeq >= run.firstSeq - 1
          ? Promise.resolve(run.events.filter(({ seq }) => seq > afterSeq))
          : selectEvents(db, battle.id, afterSeq),
      isOver: async () => {
        if (run !== undefined) return run.isOver
        return (await this.#find(caller, id)).runningUntil === null
      },
      longestWaitMs,
      async wait() {
        const { promise, resolve } = Promise.withResolvers<void>()
        const timer = setTimeout(resolve, longestWaitMs)
        wake = resolve
        if (hasMore) resolve() // it came since it was last looked
        await promise.finally(() => clearTimeout(timer))
        hasMore = false
      },
      close: () => {
        stop?.()
        wake()
      },
    }
  }

  judge(caller: Principal, wish: JudgementWish): Promise<Judgement> {
    return judge(this.#means, caller, wish)
  }

  nameOf(modelId: string): string | null {
    const model = this.#means.catalog.rows().models.find(({ id }) => id === modelId)
    return model === undefined ? null : `${model.publisher}/${model.name}`
  }

  settings(): Promise<ArenaSettings> {
    return selectSettings(this.#store.db)
  }

  async setSettings(settings: ArenaSettings): Promise<ArenaSettings> {
    await upsertSettings(this.#store.db, settings, new Date(this.#means.clock.nowMs()))
    return settings
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.votes.close()
    await Promise.all([...this.#runs.values()].map((run) => run.close()))
  }
}

export function unknownBattle(): Error {
  return refuse('arena_battle_unknown', 'You have no battle of that id. See GET /api/battles.')
}

function newBattle(
  caller: Principal,
  of: {
    readonly wish: BattleWish
    readonly league: BoardLeague
    readonly kind: BattleKind
    readonly named: readonly [Contestant, Contestant] | null
    readonly now: Date
  },
): Battle {
  const { wish, league, kind, named, now } = of
  return {
    ...{ id: newId<'battle'>(), organisationId: caller.organisationId, league, kind },
    ...{ subjectId: caller.subjectId, state: 'answering', drawProbability: null, draws: 0 },
    models: named === null ? null : [named[0].modelId, named[1].modelId],
    ...{ consent: wish.consent, maxTokens: wish.maxTokens, turn: 1, createdAt: now },
    runningUntil: new Date(now.getTime() + LEASE_MS),
    ...{ openedAt: null, votedAt: null, voidedAt: null, voidCode: null, vote: null },
  }
}
