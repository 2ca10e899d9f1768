import { type Choice, castVote, promptKeyOf, slicesOf, styleOf } from '../boards/index.ts'
import type { AskEnd } from '../gateway/index.ts'
import { type JsonObject, newId, type RequestId, type SubjectId } from '../kernel/index.ts'
import type { Principal } from '../people/index.ts'
import type { ArenaMeans } from './arena-means.ts'
import { refuse } from './errors.ts'
import { listingsOf } from './find-contestants.ts'
import { isExact, judgeExact } from './judge-exact.ts'
import { modelOfJudge, raterOfJudge } from './name-judge.ts'
import { demandCap } from './pool-service.ts'
import { REFUSED_TEXT } from './run-sides.ts'
import { insertBattle, updateVoted } from './store.ts'
import { selectSettings } from './store-settings.ts'
import { insertAnswer, insertRequest } from './store-texts.ts'
import { type Contestant, SIDES } from './types.ts'

export interface JudgementWish {
  readonly prompt: string
  readonly named: readonly [string, string]
  /** Both are asked, and judged by words; or what another model found, as data. */
  readonly judge:
    | { readonly kind: 'exact'; readonly expected: string }
    | { readonly kind: 'given'; readonly name: string; readonly winner: Choice }
  readonly maxTokens: number | null
}

export interface Judgement {
  readonly battleId: string
  readonly voteId: string
  readonly judge: string
  readonly choice: Choice
  /** What both said, and whether it was expected; null: nobody was asked. */
  readonly answers: readonly [JudgedAnswer, JudgedAnswer] | null
}

export interface JudgedAnswer {
  readonly model: string
  readonly text: string
  readonly isCorrect: boolean
}

interface Asked {
  readonly requestId: RequestId
  readonly text: string
  readonly end: AskEnd
}

/**
 * A program's choice between two models, on a board of its own.
 * Refuses with `arena_model_unknown`, `arena_leagues_differ`, `arena_judge_unknown`,
 * `arena_answers_failed`, `arena_cap_reached`.
 */
export async function judge(
  means: ArenaMeans,
  caller: Principal,
  wish: JudgementWish,
): Promise<Judgement> {
  const [a, b] = [find(means, caller, wish.named[0]), find(means, caller, wish.named[1])]
  const league = a.listings[0]?.league
  if (league === undefined || league !== b.listings[0]?.league)
    throw refuse('arena_leagues_differ', 'Like is compared with like: both must be of one league.')
  const name = nameJudge(means, wish)
  const asked = wish.judge.kind === 'given' ? null : await askBoth(means, caller, { wish, a, b })
  const choice = wish.judge.kind === 'given' ? wish.judge.winner : choose(wish, asked)
  const battleId = newId<'battle'>()
  const voteId = newId<'vote'>()
  const at = new Date(means.clock.nowMs())
  const { organisationId, subjectId } = caller
  const raterId = raterOfJudge(organisationId, name) as SubjectId
  const prompts = [wish.prompt]
  await means.store.transaction(async (trx) => {
    await insertBattle(trx, {
      ...{ id: battleId, organisationId, subjectId, league, kind: 'judgement', state: 'open' },
      ...{ models: [a.modelId, b.modelId], drawProbability: null, draws: 0, turn: 1 },
      consent: { prompt: false, answers: false, votes: true },
      ...{ maxTokens: wish.maxTokens, runningUntil: null, createdAt: at, openedAt: null },
      ...{ votedAt: null, voidedAt: null, voidCode: null, vote: null },
    })
    for (const [side, one] of asked?.entries() ?? [])
      await keepAnswer(trx, { battleId, side: SIDES[side === 0 ? 0 : 1], asked: one })
    const vote = { choice, reasons: [], comment: null, shown: [0, 0] as const, voteId, at }
    await updateVoted(trx, battleId, vote)
    await castVote(trx, {
      ...{ id: voteId, organisationId, league, kind: 'judgements', battleId, raterId, choice },
      ...{ left: a.modelId, right: b.modelId, prompt: promptKeyOf({ prompts }), castAt: at },
      slices: slicesOf({ prompts }),
      style: asked === null ? null : [styleOf(asked[0].text), styleOf(asked[1].text)],
      ...{ isShared: true, asideReason: null },
    })
    await means.revealUsage(trx, asked?.map(({ requestId }) => requestId) ?? [])
  })
  means.votesMoved()
  const answers = asked === null ? null : judged(wish, [a, b], asked)
  return { battleId, voteId, judge: name, choice, answers }
}

function find(means: ArenaMeans, principal: Principal, name: string): Contestant {
  const { isResting, mayBeDrawn } = means
  const rules = { principal, isResting, mayBeDrawn }
  const listings = listingsOf(means.catalog.snapshot(), name, rules)
  const [first] = listings
  if (first === undefined)
    throw refuse('arena_model_unknown', `No model ${JSON.stringify(name)} may be asked now.`)
  return { modelId: first.modelId, modelName: first.modelName, listings }
}

/** What stands for the judge on boards. */
function nameJudge(means: ArenaMeans, { judge: by }: JudgementWish): string {
  if (by.kind === 'exact') return 'exact'
  const model = modelOfJudge(by.name)
  const { models } = means.catalog.rows()
  const isKnown = models.some(({ publisher, name }) => `${publisher}/${name}` === model)
  if (isKnown) return by.name
  const message = 'Name the judge as model:publisher/name, by a model of the catalog.'
  throw refuse('arena_judge_unknown', message, { param: 'judge' })
}

async function askBoth(
  means: ArenaMeans,
  principal: Principal,
  of: { readonly wish: JudgementWish; readonly a: Contestant; readonly b: Contestant },
): Promise<readonly [Asked, Asked]> {
  await demandCap(means, await selectSettings(means.store.db))
  const { prompt, maxTokens } = of.wish
  const body = {
    messages: [{ role: 'user', content: prompt }],
    stream: true,
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
  }
  const [a, b] = await Promise.all([of.a, of.b].map((one) => ask(means, principal, { one, body })))
  if (a === undefined || b === undefined) throw new Error('arena: two were asked')
  const failed = [a, b].filter(({ end }) => end.kind === 'failed' || end.kind === 'left')
  if (failed.length === 0) return [a, b]
  await means.revealUsage(
    means.store.db,
    [a, b].map(({ requestId }) => requestId),
  )
  throw refuse('arena_answers_failed', 'A model did not answer, so nothing was judged. Try again.')
}

function ask(
  means: ArenaMeans,
  principal: Principal,
  { one, body }: { readonly one: Contestant; readonly body: JsonObject },
): Promise<Asked> {
  const [listing, ...others] = one.listings
  if (listing === undefined) throw new Error('arena: a contestant has a listing')
  const ended = Promise.withResolvers<AskEnd>()
  let text = ''
  const { requestId } = means.ask({
    ...{ principal, purpose: 'battle', listing, others, body },
    sink: {
      text: (added) => {
        text += added
      },
      ended: ended.resolve,
    },
  })
  return ended.promise.then((end) => ({
    ...{ requestId, end },
    text: end.kind === 'refused' && text === '' ? REFUSED_TEXT : text,
  }))
}

async function keepAnswer(
  trx: Parameters<typeof insertBattle>[0],
  of: { battleId: Parameters<typeof insertAnswer>[1]; side: 'a' | 'b'; asked: Asked },
): Promise<void> {
  const { requestId, end, text } = of.asked
  await insertRequest(trx, of.battleId, requestId)
  await insertAnswer(trx, of.battleId, {
    ...{ turn: 1, side: of.side, usageId: requestId, text: null, characters: text.length },
    variantId: end.usage?.variantId ?? null,
    listingId: end.usage?.listingId ?? null,
    outcome: end.kind === 'refused' ? 'refused' : 'answered',
    finishReason: end.kind === 'answered' ? end.finishReason : null,
  })
}

function choose({ judge: by }: JudgementWish, asked: readonly [Asked, Asked] | null): Choice {
  if (by.kind !== 'exact' || asked === null) throw new Error('arena: an exact judge reads answers')
  return judgeExact(asked[0].text, asked[1].text, by.expected)
}

function judged(
  { judge: by }: JudgementWish,
  models: readonly [Contestant, Contestant],
  asked: readonly [Asked, Asked],
): readonly [JudgedAnswer, JudgedAnswer] {
  const of = (at: 0 | 1): JudgedAnswer => ({
    model: models[at].modelName,
    text: asked[at].text,
    isCorrect: by.kind === 'exact' && isExact(asked[at].text, by.expected),
  })
  return [of(0), of(1)]
}
