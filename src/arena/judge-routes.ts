import { z } from 'zod'
import { jsonRoute, type Route } from '../people/index.ts'
import { prompt } from './route-schemas.ts'
import type { Arena } from './service.ts'

const choice = z.enum(['a', 'b', 'tie', 'both_bad'])
const modelName = z.string().min(1).max(300)
const asked = {
  prompt,
  model_a: modelName,
  model_b: modelName,
}
const judgementBody = z.union([
  z.strictObject({
    ...asked,
    judge: z.strictObject({ kind: z.literal('exact'), expected: z.string().min(1).max(10_000) }),
    max_tokens: z.int().min(1).max(1_000_000).optional(),
  }),
  /** What another model found: `judge` is `model:publisher/name`. */
  z.strictObject({ ...asked, judge: z.string().max(310), winner: choice }),
])
const answer = z.object({ model: z.string(), text: z.string(), is_correct: z.boolean() })
const judgementAnswer = z.object({
  id: z.uuid(),
  vote_id: z.uuid(),
  judge: z.string(),
  choice,
  /** Null: nobody was asked, the choice was given. */
  answers: z.object({ a: answer, b: answer }).nullable(),
})

/** `POST /api/judgements`: a program's choice, on a board of its own. */
export function judgeRoute(arena: Arena): Route {
  return jsonRoute({
    method: 'POST',
    path: '/api/judgements',
    access: 'operator',
    scope: 'api',
    dialect: 'problem',
    summary: 'A program’s choice between two models, on a board apart from people’s votes',
    body: judgementBody,
    answer: judgementAnswer,
    async handle({ principal, body }) {
      const { prompt, model_a: a, model_b: b } = body
      const judgement = await arena.judge(principal, {
        ...{ prompt, named: [a, b] },
        judge:
          'winner' in body ? { kind: 'given', name: body.judge, winner: body.winner } : body.judge,
        maxTokens: 'winner' in body ? null : (body.max_tokens ?? null),
      })
      const { answers } = judgement
      const shape = (at: 0 | 1) => {
        const said = answers?.[at]
        if (said === undefined) return null
        return { model: said.model, text: said.text, is_correct: said.isCorrect }
      }
      return {
        status: 201,
        json: {
          id: judgement.battleId,
          vote_id: judgement.voteId,
          judge: judgement.judge,
          choice: judgement.choice,
          answers: answers === null ? null : { a: shape(0), b: shape(1) },
        },
      }
    },
  })
}
