import { castVote, promptKeyOf, slicesOf, styleOf, type VoteId } from '../boards/index.ts'
import { newId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { ArenaMeans } from './arena-means.ts'
import { refuse } from './errors.ts'
import { findSelfNaming } from './find-self-naming.ts'
import { isTooFast } from './is-too-fast.ts'
import { countVotesSince, selectBattle, updateVoted } from './store.ts'
import { forgetTexts, selectEvents, selectTurns } from './store-texts.ts'
import { textsOfEvents } from './texts-of-events.ts'
import type { ArenaSettings, Battle, BattleTurn, VoteWish } from './types.ts'
import { refuseRate, refuseVote } from './vote-rules.ts'
import { OUTLIER } from './votes-service.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

interface Cast {
  readonly caller: Principal
  readonly battle: Battle
  readonly wish: VoteWish
  readonly settings: ArenaSettings
  /** Whether this person's votes are set aside, as they go against everybody's. */
  readonly isOutlier: boolean
}

/**
 * Casts the vote of a battle, once, with what was shown; its counts, the reveal of its usage and
 * the end of its texts are in the same transaction.
 * Refuses with `arena_vote_personal`, `arena_vote_exists`, `arena_battle_voided`,
 * `arena_battle_not_open`, `arena_battle_expired`, `arena_votes_too_many`.
 */
export async function voteInBattle(means: ArenaMeans, cast: Cast): Promise<void> {
  const { store, clock } = means
  const { caller, battle, settings } = cast
  const refusal = refuseVote(battle, clock.nowMs())
  if (refusal !== null) throw refusal
  if (caller.personId === null)
    throw refuse('arena_vote_personal', 'Votes are people’s: use a session or a personal key.')
  const nowMs = clock.nowMs()
  const since = { minute: new Date(nowMs - MINUTE_MS), day: new Date(nowMs - DAY_MS) }
  const votes = await countVotesSince(store.db, caller.subjectId, since)
  const tooMany = battle.kind === 'comparison' ? null : refuseRate(votes, settings)
  if (tooMany !== null) throw tooMany
  await store.transaction(async (trx) => {
    const { id, organisationId, subjectId } = battle
    const locked = await selectBattle(trx, { id, organisationId, subjectId, isLocked: true })
    const late = locked === null ? null : refuseVote(locked, nowMs)
    if (locked === null || late !== null) throw late ?? new Error('arena: a battle was deleted')
    await castLocked(means, trx, { ...cast, battle: locked })
  })
}

type Transaction = Parameters<typeof castVote>[0]

async function castLocked(means: ArenaMeans, trx: Transaction, cast: Cast): Promise<void> {
  const { battle, wish, caller } = cast
  const { id, kind, models, consent } = battle
  const at = new Date(means.clock.nowMs())
  const events = await selectEvents(trx, id, 0)
  const shown = events.at(-1)?.shown ?? ([0, 0] as const)
  const counts = kind !== 'comparison' && models !== null
  const voteId = counts ? newId<'vote'>() : null
  await updateVoted(trx, id, { ...wish, shown, voteId, at })
  if (voteId !== null && models !== null) {
    const turns = await selectTurns(trx, id)
    const texts = [...textsOfEvents(events).values()]
    const answers = [join(texts, 0), join(texts, 1)] as const
    const prompts = promptsOf(turns)
    await castVote(trx, {
      ...{ id: voteId as VoteId, organisationId: battle.organisationId, league: battle.league },
      ...{ kind: 'votes', battleId: id, raterId: caller.subjectId, choice: wish.choice },
      ...{ left: models[0], right: models[1], reasons: wish.reasons, castAt: at },
      prompt: promptKeyOf({ prompts }),
      slices: slicesOf({ prompts }),
      style: [styleOf(answers[0]), styleOf(answers[1])],
      isShared: consent.votes,
      asideReason: asideReasonOf(means, { ...cast, answers, prompts, at }),
    })
  }
  await means.revealBattle(trx, id)
  await forgetTexts(trx, id, consent)
}

function join(texts: readonly (readonly [string | null, string | null])[], side: 0 | 1): string {
  return texts.map((pair) => pair[side] ?? '').join('\n\n')
}

function promptsOf(turns: readonly BattleTurn[]): string[] {
  const said = turns.flatMap(({ messages }) => messages ?? [])
  return said.flatMap(({ role, content }) => (role === 'user' ? [content] : []))
}

/** Why the vote is kept and does not count; null: nothing speaks against it. */
function asideReasonOf(
  means: ArenaMeans,
  of: Cast & {
    readonly answers: readonly [string, string]
    readonly prompts: readonly string[]
    readonly at: Date
  },
): string | null {
  const { battle, answers, prompts, at, settings } = of
  if (of.isOutlier) return OUTLIER
  const lookedMs = at.getTime() - (battle.openedAt ?? at).getTime()
  if (isTooFast(answers, lookedMs, settings.lettersPerSecond)) return 'too_fast'
  const { models } = means.catalog.rows()
  const known = models.flatMap(({ publisher, family, name }) => [publisher, family ?? '', name])
  for (const [side, answer] of answers.entries()) {
    const own = models.find(({ id }) => id === battle.models?.[side])
    if (own === undefined) continue
    const name = findSelfNaming(answer, { own, known, prompts })
    if (name !== null) return `names_itself:${side === 0 ? 'a' : 'b'}`
  }
  return null
}
