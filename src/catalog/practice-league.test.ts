import { expect, it } from 'vitest'
import { withoutPractice } from './practice-league.ts'
import type { LiveListing } from './types.ts'

const listing = (modelName: string, fields: Partial<LiveListing>): LiveListing =>
  ({ modelName, league: 'models', capabilities: ['chat'], ...fields }) as LiveListing

const house = listing('baimo/abacus-small', { league: 'practice' })
const names = (listings: readonly LiveListing[]) =>
  withoutPractice(listings).map((each) => each.modelName)

it('keeps house models while nothing else can chat', () => {
  expect(names([house])).toEqual(['baimo/abacus-small'])
  const embedder = listing('a/embed', { capabilities: ['embedding'] })
  expect(names([house, embedder])).toEqual(['baimo/abacus-small', 'a/embed'])
})

it('lets them go as soon as another chat model is there', () => {
  expect(names([house, listing('a/chat', {})])).toEqual(['a/chat'])
})

it('knows no market without any model', () => {
  expect(names([])).toEqual([])
})
