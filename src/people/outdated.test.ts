import { expect, it } from 'vitest'
import { newId } from '../kernel/index.ts'
import { hashSecret } from './key-format.ts'
import { type Outdated, readOutdated, writeOutdated } from './outdated.ts'

it.each<Outdated>([
  { kind: 'key', hash: hashSecret('a key') },
  { kind: 'session', hash: hashSecret('a session') },
  { kind: 'holder', id: newId<'team'>() },
  { kind: 'all' },
])('reads what it wrote: $kind', (outdated) => {
  expect(readOutdated(writeOutdated(outdated))).toEqual(outdated)
})

it.each(['', 'key', 'key ', 'holder me', 'organisation 1', `key ${'x'.repeat(101)}`])(
  'takes "%s" for everything',
  (text) => {
    expect(readOutdated(text)).toEqual({ kind: 'all' })
  },
)
