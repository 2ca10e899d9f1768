import { expect, test } from 'vitest'
import type { ListedVote } from '../boards/index.ts'
import { newId } from '../kernel/index.ts'
import { findOutliers } from './find-outliers.ts'

const [strong, weak] = [newId(), newId()]
const vote = (raterId: string, choice: ListedVote['choice']): ListedVote => ({
  ...{ id: newId<'vote'>(), battleId: newId(), league: 'models', kind: 'votes', raterId, choice },
  ...{ leftId: strong, rightId: weak, reasons: [], state: 'counts', asideReason: null },
  castAt: new Date(0),
})
const votesOf = (rater: string, count: number, choice: ListedVote['choice']) =>
  Array.from({ length: count }, () => vote(rater, choice))

test('who votes against everybody is found, and nobody else', () => {
  const honest = Array.from({ length: 8 }, (_, at) => [
    ...votesOf(`honest-${at}`, 9, 'a'),
    ...votesOf(`honest-${at}`, 1, 'b'),
  ]).flat()
  expect(findOutliers([...honest, ...votesOf('contrary', 12, 'b')])).toEqual(new Set(['contrary']))
  expect(findOutliers(honest)).toEqual(new Set())
})

test('among a few people nobody is against everybody', () => {
  const votes = ['x', 'y', 'z'].flatMap((rater) => votesOf(rater, 30, 'a'))
  expect(findOutliers([...votes, ...votesOf('contrary', 30, 'b')])).toEqual(new Set())
})
