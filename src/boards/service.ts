import { gunzipSync } from 'node:zlib'
import { type Clock, type Log, type OrganisationId, parseJson } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { Store } from '../store/index.ts'
import { checkEvidence } from './check-evidence.ts'
import { refuse } from './errors.ts'
import { type FamilyMember, findFamilies } from './find-families.ts'
import { type Keeper, type KeeperOptions, openKeeper } from './keeper-service.ts'
import { openRater } from './open-rater.ts'
import {
  selectBoard,
  selectBoards,
  selectSettings,
  updateIsPublic,
  upsertSettings,
} from './store.ts'
import {
  hasOneRater,
  selectPairCounts,
  selectRaterPairs,
  selectSharedRaters,
} from './store-counts.ts'
import {
  type Certificate,
  keepVersion,
  selectCertificates,
  selectLastNumber,
  selectLastVersions,
  selectVersion,
} from './store-versions.ts'
import { sumInformation } from './sum-information.ts'
import { type Board, type BoardName, type BoardSettings, DEFAULT_SETTINGS } from './types.ts'
import { noTrust } from './types-trust.ts'
import type { BoardVersion, VersionPayload } from './types-versions.ts'
import {
  type Agreement,
  type BoardFilter,
  type BoardModel,
  type BoardView,
  type Check,
  checkTrust,
  measureAgreement,
  viewBoard,
} from './view-board.ts'
import { weakenClaims } from './weaken-claims.ts'
import { type CountLine, joinLines, pseudonymOf, writeCounts } from './write-counts.ts'

export interface BoardsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** The file that `new Worker` runs: `rating-worker`. */
  readonly workerPath: string
  readonly codeVersion: string
  /** What the market knows of models, by id. */
  readonly models: () => ReadonlyMap<string, BoardModel>
  readonly timing?: KeeperOptions['timing']
}

/** Which board, as a route names it. */
export type BoardPath = Omit<BoardName, 'organisationId'>

export interface BoardWish extends BoardPath {
  readonly isStyled: boolean
  /** Null: the last one. */
  readonly number: number | null
  readonly filter: BoardFilter
}

/** A board as a caller may see it. */
export interface ShownBoard extends BoardView {
  readonly board: Board
  readonly version: BoardVersion
  readonly payload: VersionPayload
  readonly isLast: boolean
  readonly checks: readonly Check[]
  /** Successive models, oldest first. */
  readonly families: readonly (readonly FamilyMember[])[]
  readonly settings: BoardSettings
  readonly agreement: Agreement | null
}

export interface ListedBoard {
  readonly board: Board
  readonly version: BoardVersion
}

/** What routing and others of the house read: one version, and what it says. */
export interface CurrentBoard {
  readonly version: BoardVersion
  readonly payload: VersionPayload
}

export interface BoardEvidence extends CurrentBoard {
  readonly information: ReadonlyMap<string, number>
  readonly certificates: readonly Certificate[]
}

export interface Boards {
  /** To be told when a transaction that cast or moved votes is committed. */
  votesMoved(): void
  /** Resolves when every vote that is committed now is on its boards. */
  whenRated(): Promise<void>
  /** The last version of a board of an organisation; null: none yet. */
  current(name: BoardName, isStyled?: boolean): Promise<CurrentBoard | null>
  /**
   * The same, as far as it speaks for a subject: a board on which one person alone voted is that
   * person's; null for everybody else.
   */
  currentFor(name: BoardName, subjectId: string): Promise<CurrentBoard | null>
  /**
   * What the last version of a board without style control stands on: what its votes told of each
   * model (Σ N·pq, by name), and the certificates that hold, by ids; null: there is no version.
   */
  evidence(name: BoardName): Promise<BoardEvidence | null>
  list(caller: Principal | null): Promise<ListedBoard[]>
  show(caller: Principal | null, wish: BoardWish): Promise<ShownBoard>
  /** One person's own votes as a board; it is rated when asked for. */
  showMine(caller: Principal, path: BoardPath): Promise<ShownBoard>
  certificates(
    caller: Principal | null,
    wish: BoardWish,
  ): Promise<readonly (Certificate & { readonly betterName: string; readonly worseName: string })[]>
  /** The counts of pairs, or of raters under pseudonyms, as CSV for `baimo rate`. */
  pairsFile(caller: Principal | null, path: BoardPath): Promise<string>
  ratersFile(caller: Principal | null, path: BoardPath): Promise<string>
  settings(organisationId: OrganisationId): Promise<BoardSettings>
  setSettings(caller: Principal, settings: BoardSettings): Promise<BoardSettings>
  setPublic(caller: Principal, path: BoardPath, isPublic: boolean): Promise<Board>
  close(): Promise<void>
}

export function openBoards(options: BoardsOptions): Boards {
  const rater = openRater(options.workerPath)
  const keeper = openKeeper({
    ...options,
    rater,
    modelNames: () => {
      const models = [...options.models()]
      const retired = models.filter(([, { retiredAt }]) => retiredAt !== null)
      return {
        names: new Map(models.map(([id, { name }]) => [id, name])),
        retired: new Set(retired.map(([, { name }]) => name)),
        prices: new Map(models.map(([, { name, price }]) => [name, price?.amount ?? null])),
      }
    },
  })
  const service = new BoardsService(options, keeper, rater)
  return service
}

type Passing = ReturnType<typeof openRater>

class BoardsService implements Boards {
  readonly #options: BoardsOptions
  readonly #keeper: Keeper
  readonly #rater: Passing
  /** Of each board side, the version that was read last. */
  readonly #cache = new Map<string, CurrentBoard>()
  #lastPassing = 0

  constructor(options: BoardsOptions, keeper: Keeper, rater: Passing) {
    this.#options = options
    this.#keeper = keeper
    this.#rater = rater
  }

  votesMoved(): void {
    this.#keeper.votesMoved()
  }

  whenRated(): Promise<void> {
    return this.#keeper.whenRated()
  }

  async close(): Promise<void> {
    await this.#keeper.close()
    await this.#rater.close()
  }

  async current(name: BoardName, isStyled = false): Promise<CurrentBoard | null> {
    const board = await selectBoard(this.#options.store.db, name)
    return board === null ? null : this.#last(board, isStyled)
  }

  async currentFor(name: BoardName, subjectId: string): Promise<CurrentBoard | null> {
    const current = await this.current(name)
    if (current === null || !current.payload.rules.isOnePerson) return current
    const { boardId } = current.version
    const own = await selectRaterPairs(this.#options.store.db, boardId, { subjectId })
    return own.length > 0 ? current : null
  }

  async evidence(name: BoardName): Promise<BoardEvidence | null> {
    const current = await this.current(name)
    if (current === null) return null
    const { db } = this.#options.store
    const { boardId } = current.version
    const models = this.#options.models()
    const pairs = (await selectPairCounts(db, boardId)).map((row) => ({
      ...row,
      first: models.get(row.first)?.name ?? row.first,
      second: models.get(row.second)?.name ?? row.second,
    }))
    const all = await selectCertificates(db, { boardId, isStyled: false, number: null })
    return {
      ...current,
      information: sumInformation(pairs, current.payload.models),
      certificates: all.filter(({ voidedAt }) => voidedAt === null),
    }
  }

  async list(caller: Principal | null): Promise<ListedBoard[]> {
    const { db } = this.#options.store
    const boards = await selectBoards(db, caller?.organisationId ?? null)
    const versions = await selectLastVersions(
      db,
      boards.map(({ id }) => id),
    )
    const listed = boards.flatMap((board) =>
      versions.filter(({ boardId }) => boardId === board.id).map((version) => ({ board, version })),
    )
    if (caller !== null) return listed
    const open: ListedBoard[] = []
    for (const one of listed)
      if (isPublished(one.board, one.version, await this.settings(one.board.organisationId)))
        open.push(one)
    return open
  }

  async show(caller: Principal | null, wish: BoardWish): Promise<ShownBoard> {
    const { board, settings, isOwn } = await this.#find(caller, wish)
    const last = await this.#last(board, wish.isStyled)
    const shown = wish.number === null ? last : await this.#numbered(board, wish, wish.number)
    if (shown === null)
      throw refuse(
        'boards_not_rated_yet',
        wish.isStyled
          ? 'Style cannot be told from strength on this board yet. Ask without style.'
          : 'The board is being rated. Ask again in a moment.',
        { retryAfterSeconds: 1 },
      )
    const judged = wish.isStyled ? null : await this.#judged(board)
    const styled = wish.isStyled ? shown : await this.#last(board, true)
    const { leastTolerance } = settings
    return {
      ...this.#view(shown, wish.filter, isOwn ? 0 : leastTolerance),
      ...{ board, settings },
      isLast: shown.version.number === last?.version.number,
      checks: [
        ...checkTrust(shown.payload, settings.leastPeople),
        ...checkEvidence(shown.payload, { leastTolerance, position: positionOf(styled) }),
      ],
      agreement: judged === null ? null : measureAgreement(shown.payload, judged.payload),
    }
  }

  #view(current: CurrentBoard, filter: BoardFilter, leastTolerance: number) {
    const models = new Map([...this.#options.models().values()].map((model) => [model.name, model]))
    const payload = weakenClaims(current.payload, leastTolerance)
    return {
      ...viewBoard(payload, { models, filter, leastTolerance }),
      ...{ ...current, payload, families: findFamilies(payload, models) },
    }
  }

  /** The board of programs' judgements beside one of votes. */
  async #judged(board: Board): Promise<CurrentBoard | null> {
    return board.kind === 'judgements' ? null : this.current({ ...board, kind: 'judgements' })
  }

  async showMine(caller: Principal, path: BoardPath): Promise<ShownBoard> {
    const { db } = this.#options.store
    const { organisationId, subjectId } = caller
    const board = await selectBoard(db, { ...path, organisationId })
    const rows = board === null ? [] : await selectRaterPairs(db, board.id, { subjectId })
    if (board === null || rows.length === 0)
      throw refuse('boards_board_unknown', 'You have no votes there. Vote in battles first.')
    this.#lastPassing -= 1
    const passing = this.#lastPassing
    const line = rows.map(({ pair, counts }) => [pair, ...counts, 0, 0, 0, 0].join(',')).join(';')
    this.#rater.tell({
      kind: 'open',
      board: passing,
      standing: [[], []],
      wasOnePerson: [true, true],
    })
    this.#rater.tell({ kind: 'pairs', board: passing, rows })
    this.#rater.tell({ kind: 'raters', board: passing, text: `me;${line}` })
    const models = this.#options.models()
    const ids = new Set(rows.flatMap(({ first, second }) => [first, second]))
    const news = await this.#rater.rate({
      ...{ board: passing, isStyled: false, isSettled: true, retired: [], seed: 1 },
      names: [...ids].map((id) => [id, models.get(id)?.name ?? id]),
      ...{ controls: noTrust.controls, prices: [] },
    })
    this.#rater.tell({ kind: 'close', board: passing })
    if (news.kind === 'failed')
      throw refuse('boards_not_rated_yet', 'The board cannot be rated now. Try again in a moment.')
    const version: BoardVersion = {
      ...{ boardId: board.id, isStyled: false, number: 0, method: 'penalised', raters: 1 },
      ...{ madeAt: new Date(this.#options.clock.nowMs()), votes: news.votes, models: news.models },
      ...{ codeVersion: this.#options.codeVersion, through: { low: 0, extra: [] } },
    }
    const payload = readPayload(news.payload)
    return {
      ...this.#view({ version, payload }, {}, 0),
      ...{ board, settings: DEFAULT_SETTINGS, isLast: true, agreement: null },
      checks: checkTrust(payload, 1),
    }
  }

  async certificates(caller: Principal | null, wish: BoardWish) {
    const { board, isOwn, settings } = await this.#find(caller, wish)
    const least = isOwn ? 0 : settings.leastTolerance
    const on = { boardId: board.id, isStyled: wish.isStyled, number: wish.number }
    const certificates = await selectCertificates(this.#options.store.db, on)
    const models = this.#options.models()
    const told = certificates.filter(({ tolerance }) => (tolerance ?? 0) >= least)
    return told.map((certificate) => ({
      ...certificate,
      betterName: models.get(certificate.better)?.name ?? certificate.better,
      worseName: models.get(certificate.worse)?.name ?? certificate.worse,
    }))
  }

  async pairsFile(caller: Principal | null, path: BoardPath): Promise<string> {
    const { board } = await this.#find(caller, path)
    const { db } = this.#options.store
    if (await hasOneRater(db, board.id)) return this.#write(board, await this.#alone(board), [])
    const rows = await selectPairCounts(db, board.id)
    return this.#write(
      board,
      rows.map((row) => this.#line({ ...row, rater: null })),
      [],
    )
  }

  /** A board of one rater has no cap. */
  async #alone(board: Board): Promise<CountLine[]> {
    const rows = (await selectSharedRaters(this.#options.store.db, board.id)) ?? []
    return rows.map((row) => this.#line({ ...row, counts: addUp(row), rater: null }))
  }

  async ratersFile(caller: Principal | null, path: BoardPath): Promise<string> {
    const { board } = await this.#find(caller, path)
    const { db } = this.#options.store
    const rows = await selectSharedRaters(db, board.id)
    if (rows === null)
      throw refuse(
        'boards_raters_not_shared',
        'Somebody who voted here has not agreed to share counts by rater. Take pairs.csv instead.',
      )
    const isOne = new Set(rows.map(({ rater }) => rater)).size === 1
    const lines = rows.map((row) =>
      this.#line({
        ...row,
        counts: isOne ? addUp(row) : row.counts,
        rater: pseudonymOf(row.rater, board.salt),
      }),
    )
    const last = await this.#last(board, false)
    const effect = last?.payload.diagnostics.promptDesignEffect ?? 1
    return this.#write(board, lines, [`prompt_design_effect: ${effect}`])
  }

  #line(row: {
    readonly first: string
    readonly second: string
    readonly counts: readonly number[]
    readonly rater: string | null
  }): CountLine {
    const models = this.#options.models()
    const nameOf = (id: string): string => models.get(id)?.name ?? id
    const [one = 0, other = 0, ties = 0, bad = 0] = row.counts
    const counts = [one, other, ties, bad] as const
    return { a: nameOf(row.first), b: nameOf(row.second), counts, rater: row.rater }
  }

  #write(board: Board, lines: readonly CountLine[], head: readonly string[]): string {
    const at = new Date(this.#options.clock.nowMs()).toISOString()
    const title = `Baimo, ${board.kind} of ${board.league}/${board.slice}, counted at ${at}`
    return writeCounts(joinLines(lines), [title, ...head])
  }

  async settings(organisationId: OrganisationId): Promise<BoardSettings> {
    return (await selectSettings(this.#options.store.db, organisationId)) ?? DEFAULT_SETTINGS
  }

  async setSettings(caller: Principal, settings: BoardSettings): Promise<BoardSettings> {
    const at = new Date(this.#options.clock.nowMs())
    await upsertSettings(this.#options.store.db, caller.organisationId, { ...settings, at })
    return settings
  }

  async setPublic(caller: Principal, path: BoardPath, isPublic: boolean): Promise<Board> {
    const { db } = this.#options.store
    const board = await selectBoard(db, { ...path, organisationId: caller.organisationId })
    if (board === null) throw refuse('boards_board_unknown', UNKNOWN)
    await updateIsPublic(db, board.id, isPublic)
    return { ...board, isPublic }
  }

  /** The caller's own board, else one of the house that anybody may see. */
  async #find(caller: Principal | null, path: BoardPath) {
    const { db } = this.#options.store
    if (caller !== null) {
      const own = await selectBoard(db, { ...path, organisationId: caller.organisationId })
      if (own !== null)
        return { board: own, isOwn: true, settings: await this.settings(own.organisationId) }
    }
    const board = await selectBoard(db, { ...path, organisationId: null })
    const settings = board === null ? DEFAULT_SETTINGS : await this.settings(board.organisationId)
    const last = board === null ? null : await this.#last(board, false)
    if (board === null || last === null || !isPublished(board, last.version, settings))
      throw refuse('boards_board_unknown', UNKNOWN)
    return { board, settings, isOwn: false }
  }

  async #last(board: Board, isStyled: boolean): Promise<CurrentBoard | null> {
    const { db } = this.#options.store
    const side = { boardId: board.id, isStyled }
    const number = await selectLastNumber(db, side)
    if (number === null) return null
    const key = `${board.id} ${isStyled}`
    const cached = this.#cache.get(key)
    if (cached?.version.number === number) return cached
    const found = await selectVersion(db, { ...side, number })
    if (found === null) return null
    const { payload, ...version } = found
    const current = { version, payload: readPayload(payload) }
    this.#cache.set(key, current)
    return current
  }

  /** A version that is asked for by its number stays: somebody may have a link to it. */
  async #numbered(board: Board, wish: BoardWish, number: number): Promise<CurrentBoard> {
    const { store } = this.#options
    const at = { boardId: board.id, isStyled: wish.isStyled, number }
    const found = await selectVersion(store.db, at)
    if (found === null)
      throw refuse('boards_version_unknown', `The board has no version ${number}, or it left.`)
    await keepVersion(store.db, at)
    const { payload, ...version } = found
    return { version, payload: readPayload(payload) }
  }
}

const UNKNOWN = 'There is no such board, or it is not open to you. See GET /api/boards.'

/** Whether somebody outside of the organisation may see a board. */
function isPublished(board: Board, version: BoardVersion, settings: BoardSettings): boolean {
  return board.isPublic && version.raters >= settings.leastPeople
}

function positionOf(styled: CurrentBoard | null) {
  return styled?.payload.style?.effects.find(({ name }) => name === 'position') ?? null
}

function addUp({ counts, over }: { readonly counts: number[]; readonly over: number[] }): number[] {
  return counts.map((count, kind) => count + (over[kind] ?? 0))
}

function readPayload(bytes: Uint8Array): VersionPayload {
  const payload = parseJson(gunzipSync(bytes).toString()) as unknown as VersionPayload
  // Versions of before it was weighed have none.
  return { ...payload, trust: payload.trust ?? noTrust }
}
