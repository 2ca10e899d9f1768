import type { JsonObject } from '../kernel/index.ts'
import type { Battle, BattleAnswer, BattleTurn, Side } from './types.ts'
import { VOTABLE_MS } from './vote-rules.ts'

/** What one side was, told after the reveal. */
export interface RevealedSide {
  readonly model: string | null
  readonly provider: string | null
  readonly listingId: string | null
  readonly variantId: string | null
  /** As usage shows it; of all turns. */
  readonly cost: JsonObject
  /** Of all turns; null: not known. */
  readonly totalMs: number | null
  readonly tokens: { readonly input: number; readonly output: number } | null
}

export interface BattleView {
  readonly battle: Battle
  readonly turns: readonly BattleTurn[]
  /** Of each turn what is shown by now: left, right; null: not kept. */
  readonly texts: ReadonlyMap<number, readonly [string | null, string | null]>
  readonly answers: readonly BattleAnswer[]
  /** Null: not revealed. */
  readonly reveal: readonly [RevealedSide, RevealedSide] | null
}

/** A battle as its person sees it: before the reveal nothing in it tells who answers. */
export function shapeBattle(view: BattleView): JsonObject {
  const { battle, reveal } = view
  const isRevealed = reveal !== null
  return {
    ...headOf(battle, isRevealed),
    is_answering: battle.runningUntil !== null,
    consent: { ...battle.consent },
    expires_at: new Date(battle.createdAt.getTime() + VOTABLE_MS).toISOString(),
    void_code: battle.voidCode,
    stream_url: `/api/battles/${battle.id}/stream`,
    turns: view.turns.map((turn) => shapeTurn(view, turn)),
    draw_probability: battle.state === 'voted' ? battle.drawProbability : null,
    reveal: isRevealed ? { a: shapeSide(reveal[0]), b: shapeSide(reveal[1]) } : null,
  }
}

/** What is told of it wherever it is. */
function headOf(battle: Battle, isTold: boolean): JsonObject {
  return {
    id: battle.id,
    // That a model meets itself is not told before: it would be known that both are alike.
    kind: battle.kind === 'control' && !isTold ? 'battle' : battle.kind,
    league: battle.league,
    state: battle.state,
    turn: battle.turn,
    created_at: battle.createdAt.toISOString(),
    voted_at: battle.votedAt?.toISOString() ?? null,
    vote: shapeVote(battle),
  }
}

function shapeTurn({ texts, answers }: BattleView, { turn, messages }: BattleTurn): JsonObject {
  const [a, b] = texts.get(turn) ?? [null, null]
  const isWhole = (side: Side): boolean =>
    answers.some((answer) => answer.turn === turn && answer.side === side)
  const shown = messages?.map(({ role, content }) => ({ role, content })) ?? null
  return {
    turn,
    messages: shown,
    a: { text: a, is_whole: isWhole('a') },
    b: { text: b, is_whole: isWhole('b') },
  }
}

function shapeVote({ vote }: Battle): JsonObject | null {
  if (vote === null) return null
  const [a, b] = vote.shown
  return {
    choice: vote.choice,
    reasons: [...vote.reasons],
    comment: vote.comment,
    shown_characters: { a, b },
    vote_id: vote.voteId,
  }
}

function shapeSide(side: RevealedSide): JsonObject {
  return {
    model: side.model,
    provider: side.provider,
    listing_id: side.listingId,
    variant_id: side.variantId,
    cost: side.cost,
    total_ms: side.totalMs,
    tokens: side.tokens,
  }
}

/** A battle in a list: without what was said in it. */
export function shapeListed(battle: Battle): JsonObject {
  const isTold = battle.state === 'voted' || battle.state === 'voided'
  return {
    ...headOf(battle, isTold),
  }
}
