import { type ClaimCaveat, type ClaimStatus, canCheckMatchups } from '../ratings/index.ts'
import { pairPlace, unpackClaims } from './pack-claims.ts'
import type { BestAnswer, ModelRow, VersionPayload } from './types-versions.ts'

/** What the market knows of a model; null: unknown. */
export interface BoardModel {
  /** `publisher/name`; what was merged into another model has the other's. */
  readonly name: string
  readonly openness: string | null
  /** ISO 3166. */
  readonly publisherCountry: string | null
  readonly parametersTotal: number | null
  /** Where its listings run. */
  readonly places: readonly string[]
  readonly retiredAt: Date | null
  /** The model that it is the next version of; absent or null: none is known. */
  readonly succeeds?: string | null
  /** What the typical request costs at the cheapest listing, in the owner's currency. */
  readonly price: { readonly amount: number; readonly currency: string } | null
}

export const SIZE_CLASSES = ['small', 'medium', 'large', 'huge'] as const
export type SizeClass = (typeof SIZE_CLASSES)[number]

/** Parameters up to which a model is small, medium and large. */
const SIZES = [8e9, 40e9, 150e9] as const

/** By parameters; null: unknown. */
export function sizeClassOf(parametersTotal: number | null): SizeClass | null {
  if (parametersTotal === null) return null
  const at = SIZES.findIndex((most) => parametersTotal <= most)
  return SIZE_CLASSES[at === -1 ? SIZES.length : at] ?? null
}

/** Which rows are shown. What is unknown of a model fits no filter that asks for it. */
export interface BoardFilter {
  readonly openness?: string | undefined
  readonly size?: SizeClass | undefined
  readonly country?: string | undefined
  readonly maxPrice?: number | undefined
  readonly place?: string | undefined
}

export interface ViewedRow extends ModelRow {
  readonly about: BoardModel | null
}

export interface BoardView {
  /** Best first; models without votes last. */
  readonly rows: readonly ViewedRow[]
  /** Rows that the filter leaves out. */
  readonly hiddenCount: number
  /** For each shown row but the last of its island: what is known of it and the next one. */
  readonly neighbours: readonly {
    readonly better: string
    readonly worse: string
    readonly status: ClaimStatus
  }[]
  readonly certifiedCount: number
  readonly leaningCount: number
  readonly best: readonly BestAnswer[]
  readonly sentence: string
}

export interface ViewOptions {
  readonly models: ReadonlyMap<string, BoardModel>
  readonly filter: BoardFilter
  /** Claims that fewer forged votes would bring down are told as leaning; 0 within the house. */
  readonly leastTolerance: number
}

/** A version as somebody sees it. */
export function viewBoard(payload: VersionPayload, options: ViewOptions): BoardView {
  const { models, filter, leastTolerance } = options
  const names = payload.models.map(({ name }) => name)
  const weak = new Set(
    payload.fragile.filter(([, votes]) => votes < leastTolerance).map(([place]) => place),
  )
  const statusOf = readStatuses(payload, weak)
  const rows = payload.models
    .map((row) => ({ ...row, about: models.get(row.name) ?? null }))
    .filter(({ about }) => fits(about, filter))
    .sort((a, b) => a.island - b.island || (b.rating ?? -Infinity) - (a.rating ?? -Infinity))
  const neighbours = rows.slice(1).flatMap((worse, at) => {
    const better = rows[at] as ViewedRow
    const status = statusOf(names.indexOf(better.name), names.indexOf(worse.name))
    return status === null ? [] : [{ better: better.name, worse: worse.name, status }]
  })
  const best = payload.best.map((answer) =>
    weak.size > 0 && answer.status === 'certified' && isWeak(payload, answer.leader, weak)
      ? { ...answer, status: 'leaning' as const }
      : answer,
  )
  return {
    rows,
    hiddenCount: payload.models.length - rows.length,
    neighbours,
    certifiedCount: payload.certifiedCount - weak.size,
    leaningCount: payload.leaningCount + weak.size,
    best,
    sentence: sayBest(payload, best),
  }
}

function readStatuses(payload: VersionPayload, weak: ReadonlySet<number>) {
  const n = payload.models.length
  const unpacked = unpackClaims(payload.claims, n)
  return (i: number, j: number): ClaimStatus | null => {
    const status = unpacked(i, j)
    const isWeakPair = weak.has(pairPlace(Math.min(i, j), Math.max(i, j), n))
    return status === 'certified' && isWeakPair ? 'leaning' : status
  }
}

function isWeak({ models }: VersionPayload, leader: string, weak: ReadonlySet<number>): boolean {
  const i = models.findIndex(({ name }) => name === leader)
  return models.some(
    (_, j) => i !== j && weak.has(pairPlace(Math.min(i, j), Math.max(i, j), models.length)),
  )
}

function fits(about: BoardModel | null, filter: BoardFilter): boolean {
  const { openness, size, country, maxPrice, place } = filter
  if (openness !== undefined && about?.openness !== openness) return false
  if (size !== undefined && sizeClassOf(about?.parametersTotal ?? null) !== size) return false
  if (country !== undefined && about?.publisherCountry !== country) return false
  if (place !== undefined && about?.places.includes(place) !== true) return false
  if (maxPrice === undefined) return true
  const price = about?.price ?? null
  return price !== null && price.amount <= maxPrice
}

/** The sentence on top: who is best here, and what it would take to say so. */
export function sayBest(payload: VersionPayload, best: readonly BestAnswer[]): string {
  const of = `${count(payload.votes, 'vote')} of ${count(payload.rules.raters ?? 0, payload.rules.isOnePerson ? 'person' : 'rater')}`
  const [first] = [...best].sort((a, b) => sizeOf(payload, b) - sizeOf(payload, a))
  if (first === undefined) return `There are no two models to compare yet (${of}).`
  const where = best.length > 1 ? ` in the largest of ${best.length} islands` : ''
  if (first.status === 'certified')
    return `${first.leader} is certified best${where} by ${of}: ${sayHowFar(payload)}`
  const rivals = count(first.rivalCount, 'model')
  const may = first.rivalCount === 1 ? 'may be as good' : 'may be as good'
  return `${first.leader} leads${where} by ${of}; ${rivals} ${may}. ${sayNeeded(first)}`
}

function sayHowFar(payload: VersionPayload): string {
  return caveatsOf(payload).length === 0
    ? 'the claim holds however often one looks.'
    : 'the claim holds however often one looks, if one scale holds; there are too few models to check matchups.'
}

/** What limits every claim of a version, whatever its status. */
export function caveatsOf({ diagnostics }: Pick<VersionPayload, 'diagnostics'>): ClaimCaveat[] {
  return canCheckMatchups({ spreadDf: diagnostics.matchupDf }) ? [] : ['matchups_unchecked']
}

function sizeOf({ models }: VersionPayload, { island }: BestAnswer): number {
  return models.filter((row) => row.island === island).length
}

function sayNeeded({ needed }: BestAnswer): string {
  if (needed.kind === 'votes')
    return `About ${count(needed.moreVotes, 'more vote')} on this board would decide.`
  if (needed.kind === 'raters')
    return needed.bar === 'too_few_raters'
      ? 'More people must vote before anything is certified.'
      : 'One person has cast more than half of the votes; others must vote first.'
  if (needed.kind === 'certified') return ''
  return needed.reason === 'no_gap'
    ? 'They look equally good so far.'
    : 'More votes will not settle this: the matchups differ; more models or a slice might.'
}

function count(number: number, of: string): string {
  const plural = of.endsWith('person') ? `${of.slice(0, -6)}people` : `${of}s`
  return `${number.toLocaleString('en-US')} ${number === 1 ? of : plural}`
}

/** One thing that somebody should know before trusting the board. */
export interface Check {
  readonly name: string
  readonly isOk: boolean
  readonly text: string
}

export function checkOf(name: string, isOk: boolean, [yes, no]: readonly [string, string]): Check {
  return { name, isOk, text: isOk ? yes : no }
}

/** "Can I trust this?": what speaks for the board and against it. */
export function checkTrust(payload: VersionPayload, leastPeople: number): Check[] {
  const { rules, diagnostics, style } = payload
  const raters = rules.raters ?? 0
  const share = rules.largestShare ?? 0
  const deff = diagnostics.raterDesignEffect
  return [
    checkOf('people', raters >= leastPeople && !rules.isOnePerson, [
      `${raters} people voted.`,
      rules.isOnePerson ? 'This is one person’s taste.' : `Only ${raters} people voted.`,
    ]),
    checkOf('independence', rules.raters !== null, [
      'Who voted is known, and what their tastes do to errors is in the intervals.',
      'Claims assume independent votes.',
    ]),
    checkOf('no_majority', share <= 0.5 || rules.isOnePerson, [
      `Nobody cast more than half of the votes (the most: ${Math.round(share * 100)} %).`,
      `One person cast ${Math.round(share * 100)} % of the votes, so nothing is certified.`,
    ]),
    checkOf('connected', diagnostics.islands <= 1, [
      'All models are joined by votes.',
      `Votes do not join all models: there are ${diagnostics.islands} islands, each with a scale of its own.`,
    ]),
    checkOf('matchups', caveatsOf(payload).length === 0, [
      `Matchups depart from one scale by about ${Math.round(diagnostics.matchupSpread)} points, which is in the intervals.`,
      'Too few models to check matchups: claims hold only as far as one scale does.',
    ]),
    checkOf('tastes', deff < 3, [
      `Tastes of people widen errors by ${Math.round((Math.sqrt(deff) - 1) * 100)} %.`,
      `Tastes differ so much that the votes count as a ${Math.round(deff)}th of them.`,
    ]),
    ...(style === null
      ? []
      : [
          checkOf('style_votes', style.votes < style.mostVotes, [
            `Style is fitted to all ${style.votes} votes whose answers are known.`,
            `Style is fitted to the last ${style.mostVotes} votes.`,
          ]),
        ]),
  ]
}

/** How far two boards order models alike: people's votes and a program's judgements, say. */
export interface Agreement {
  /** Pairs of models on both boards that people tell apart: leaning or certified. */
  readonly pairs: number
  /** The share of them, 0 to 1, that the other board orders alike; null: no pairs. */
  readonly share: number | null
}

export function measureAgreement(people: VersionPayload, other: VersionPayload): Agreement {
  const ratingOf = new Map(other.models.map(({ name, rating }) => [name, rating]))
  const statusOf = unpackClaims(people.claims, people.models.length)
  let [pairs, alike] = [0, 0]
  for (const [i, one] of people.models.entries())
    for (const [j, rival] of people.models.entries()) {
      if (j <= i || (statusOf(i, j) ?? 'undecided') === 'undecided') continue
      const [a, b] = [ratingOf.get(one.name) ?? null, ratingOf.get(rival.name) ?? null]
      if (a === null || b === null || one.rating === null || rival.rating === null) continue
      pairs += 1
      if (Math.sign(a - b) === Math.sign(one.rating - rival.rating)) alike += 1
    }
  return { pairs, share: pairs === 0 ? null : alike / pairs }
}
