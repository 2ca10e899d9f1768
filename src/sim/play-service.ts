import type { Arena } from '../arena/index.ts'
import { type BoardName, CATEGORIES, type Category, type CurrentBoard } from '../boards/index.ts'
import { assert, type ModelId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import { chooseVote } from './choose-vote.ts'
import { drawNumbers } from './draw-numbers.ts'
import { findDrift } from './find-drift.ts'
import { findTruth, trueShare } from './find-truth.ts'
import { FIRST_DAY_MS, type SimMarket } from './market-service.ts'
import { CATEGORY_SHARES } from './plan-world.ts'
import type {
  AutoPick,
  Ballot,
  CastBallot,
  DayStory,
  Departure,
  PlayedBoard,
  Story,
  World,
} from './types.ts'
import { writePrompt } from './write-prompt.ts'

const DAY_MS = 86_400_000
/** Questions that are asked at once. */
const AT_ONCE = 32
/** Between reading and voting. */
const READ_MS = 60_000
/** What it is worth that the preferred answer is given. */
export const WIN_VALUE_USD = 0.05

type Cast = CastBallot & { readonly rater: string; readonly isControl: boolean }
type BattleView = Awaited<ReturnType<Arena['get']>>
type Numbered = Ballot & { readonly number: number }

/** Plays a world on a market, day by day, and tells what came of it. */
export async function playWorld(
  world: World,
  market: SimMarket,
  onDay: (day: number, votes: number) => void,
): Promise<Story> {
  const play = new Play(world, market)
  await market.routing.setSettings(market.owner.organisationId, {
    ...{ explorationShare: 0, mostPrice: null, mostFirstByteMs: null, winValue: WIN_VALUE_USD },
  })
  const { retirements, owner } = market
  const rules = retirements.rulesOf(owner.organisationId)
  await retirements.setRules(owner.organisationId, { ...rules, isAutomatic: true })
  const days: DayStory[] = []
  for (let day = 0; day < world.size.days; day++) {
    days.push(await play.day(day))
    onDay(day + 1, play.cast.length)
  }
  return play.tell(days)
}

class Play {
  readonly cast: Cast[] = []
  readonly #world: World
  readonly #market: SimMarket
  readonly #people: readonly Principal[]
  readonly #places = new Map<ModelId, number>()
  readonly #departures: Departure[] = []
  readonly #said = new Set<string>()

  constructor(world: World, market: SimMarket) {
    this.#world = world
    this.#market = market
    this.#people = world.people.map(() => market.makePerson())
  }

  async day(day: number): Promise<DayStory> {
    const { clock, boards } = this.#market
    const dayMs = FIRST_DAY_MS + day * DAY_MS
    clock.setTo(dayMs)
    const events = await this.#welcome(day)
    const ballots = this.#world.ballots
      .map((ballot, number): Numbered => ({ ...ballot, number }))
      .filter((ballot) => ballot.day === day)
    const rounds = Math.ceil(ballots.length / AT_ONCE)
    for (let round = 0; round < rounds; round++) {
      clock.setTo(dayMs + Math.floor((0.7 * DAY_MS * (round + 1)) / rounds))
      await this.#ask(ballots.slice(round * AT_ONCE, (round + 1) * AT_ONCE))
    }
    await boards.whenRated()
    clock.setTo(dayMs + 0.9 * DAY_MS)
    events.push(...(await this.#retire(day)))
    const overall = await boards.current(this.#boardOf('overall'))
    events.push(...this.#hearDrift(overall))
    return {
      ...{ day, votes: ballots.length, events },
      live: this.#places.size - this.#departures.length,
      certified: overall?.payload.certifiedCount ?? 0,
    }
  }

  async #welcome(day: number): Promise<string[]> {
    const events: string[] = []
    for (const [at, model] of this.#world.models.entries()) {
      if (model.bornDay === day) {
        this.#places.set(await this.#market.addModel(model), at)
        if (day > 0) events.push(`${model.name} joins`)
      }
      if (model.drift?.day === day) events.push(`${model.name} changes, and nobody says so`)
    }
    return events
  }

  /** All at once, then their votes one by one: boards know votes in the order they were cast. */
  async #ask(ballots: readonly Numbered[]): Promise<void> {
    const { clock } = this.#market
    const begun = await Promise.all(ballots.map((ballot) => this.#begin(ballot)))
    clock.setTo(clock.nowMs() + READ_MS)
    for (const { ballot, view } of begun) this.cast.push(await this.#vote(ballot, view))
  }

  async #begin(ballot: Numbered): Promise<{ ballot: Numbered; view: BattleView }> {
    const { arena, drawing } = this.#market
    const caller = this.#callerOf(ballot)
    const content = writePrompt(ballot.category, ballot.number)
    const numbers = drawNumbers(this.#world.size.seed, 'draw', ballot.number)
    const { battle } = await drawing(numbers, () =>
      arena.create(caller, {
        messages: [{ role: 'user', content }],
        consent: { prompt: false, answers: false, votes: true },
        ...{ league: 'models', named: null, maxTokens: null },
      }),
    )
    const watch = await arena.watch(caller, battle.id)
    try {
      while (!(await watch.isOver())) await watch.wait()
    } finally {
      watch.close()
    }
    return { ballot, view: await arena.get(caller, battle.id) }
  }

  async #vote(ballot: Numbered, { battle }: BattleView): Promise<Cast> {
    const { seed } = this.#world.size
    const [a, b] = (battle.models ?? []).map((id) => this.#places.get(id))
    assert(a !== undefined && b !== undefined, 'sim: a battle has two models of the world')
    const { person, category, day, number } = ballot
    const meeting = { person, category, day, a, b }
    const choice = chooseVote(this.#world, meeting, drawNumbers(seed, 'vote', number))
    const caller = this.#callerOf(ballot)
    const wish = { choice, reasons: [], comment: null }
    await this.#market.arena.vote(caller, battle.id, wish)
    return { ...meeting, choice, rater: String(person), isControl: a === b }
  }

  #callerOf({ person }: Ballot): Principal {
    const caller = this.#people[person]
    assert(caller !== undefined, 'sim: a ballot is of a person of the world')
    return caller
  }

  /** What the market's own rule lets go by this evening. */
  async #retire(day: number): Promise<string[]> {
    const { retirements } = this.#market
    if ((await retirements.runRules()) === 0) return []
    const events: string[] = []
    for (const { modelId, successorId } of retirements.list().slice(this.#departures.length)) {
      const model = this.#places.get(modelId)
      const successor = successorId === null ? undefined : this.#places.get(successorId)
      assert(model !== undefined, 'sim: a model that retires is of the world')
      this.#departures.push({ model, successor: successor ?? null, day })
      const better = successor === undefined ? 'another' : this.#nameOf(successor)
      events.push(`${this.#nameOf(model)} retires: ${better} is better and no dearer`)
    }
    return events
  }

  /** What the board says of drift that it had not said before. */
  #hearDrift(board: CurrentBoard | null): string[] {
    return (board?.payload.trust.drift ?? []).flatMap(({ model, status }) => {
      const said = `the board raises a drift ${status} on ${model}`
      if (this.#said.has(said)) return []
      this.#said.add(said)
      return [said]
    })
  }

  #nameOf(model: number): string {
    return this.#world.models[model]?.name ?? ''
  }

  #boardOf(slice: string): BoardName {
    const { organisationId } = this.#market.owner
    return { organisationId, league: 'models', kind: 'votes', slice }
  }

  async tell(days: readonly DayStory[]): Promise<Story> {
    const overall = await this.#market.boards.current(this.#boardOf('overall'))
    const played: PlayedBoard[] = []
    for (const category of [null, ...CATEGORIES]) {
      const board = await this.#readBoard(category)
      if (board !== null) played.push(board)
    }
    const changed = this.#world.models.findIndex(({ drift }) => drift !== null)
    const counted = this.cast.filter(({ isControl }) => !isControl)
    const drift = changed < 0 ? null : findDrift(this.#world, changed, counted)
    return {
      ...{ size: this.#world.size, days, boards: played, departures: this.#departures },
      votes: {
        cast: this.cast.length,
        counted: overall?.payload.votes ?? 0,
        controls: this.cast.length - counted.length,
      },
      autoPicks: await this.#askAuto(),
      changed: changed < 0 ? null : changed,
      drift: drift === null ? null : { logE: drift.logE, status: drift.status },
      matchupSpread: overall?.payload.diagnostics.matchupSpread ?? 0,
      raterDesignEffect: overall?.payload.diagnostics.raterDesignEffect ?? 1,
    }
  }

  /** A board beside the truth; null: not all models can be compared on it. */
  async #readBoard(category: Category | null): Promise<PlayedBoard | null> {
    const slice = category === null ? 'overall' : `category:${category}`
    const current = await this.#market.boards.current(this.#boardOf(slice))
    const rows = new Map(current?.payload.models.map((row) => [row.name, row]))
    const truth = findTruth(this.#world, { category, days: this.#daysOfChange() })
    const points = this.#world.models.flatMap(({ name }, model) => {
      const row = rows.get(name)
      if (row?.rating == null || row.low === null || row.high === null || row.island !== 0)
        return []
      const { rating, low, high, votes } = row
      return [{ model, truth: truth[model] ?? 0, rating, low, high, votes }]
    })
    return points.length === this.#world.models.length ? { slice, points } : null
  }

  /** Before and after the silent change, by the votes that the changed model got. */
  #daysOfChange(): (readonly [number, number])[] {
    const at = this.#world.models.findIndex(({ drift }) => drift !== null)
    const drift = this.#world.models[at]?.drift ?? null
    if (drift === null) return [[0, 1]]
    const own = this.cast.filter(({ a, b }) => a === at || b === at)
    const after = own.filter(({ day }) => day >= drift.day).length / Math.max(1, own.length)
    return [
      [0, 1 - after],
      [drift.day, after],
    ]
  }

  async #askAuto(): Promise<AutoPick[]> {
    const { routing, drawing } = this.#market
    const { seed, days } = this.#world.size
    const picks: AutoPick[] = []
    for (const category of CATEGORIES) {
      const routed = await drawing(drawNumbers(seed, 'auto', category), () =>
        routing.choose({
          ...{ name: 'auto', principal: this.#market.owner, fits: () => true },
          conversation: { asked: writePrompt(category, 1), beginning: null },
          standingOf: () => 'healthy',
        }),
      )
      const values = this.#world.models.map(({ priceUsd }, at) => {
        const share = trueShare(this.#world, at, { category, days: [[days - 1, 1]] })
        return share * WIN_VALUE_USD - priceUsd
      })
      const bestValue = Math.max(...values)
      const picked = this.#places.get(routed.listing.modelId) ?? 0
      const best = values.indexOf(bestValue)
      const value = values[picked] ?? 0
      const share = CATEGORY_SHARES[category]
      picks.push({ category, share, picked, best, value, bestValue, why: routed.route })
    }
    return picks
  }
}
