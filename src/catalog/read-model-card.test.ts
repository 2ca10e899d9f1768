import { expect, it } from 'vitest'
import { readModelCard } from './read-model-card.ts'

it('reads name, family and facts, and leaves the rest to people', () => {
  const card = { name: 'baimo/Abacus-Small', family: 'Abacus', parameters: 316_096, scores: {} }
  expect(readModelCard('x.gguf', JSON.stringify(card))).toMatchObject({
    name: { publisher: 'baimo', name: 'abacus-small' },
    family: 'abacus',
    league: 'practice',
    facts: { parameters_total: 316_096 },
    factSource: 'model card',
  })
})

it.each([null, '', '[]', '{"name": 7}', 'not json'])(
  'does with %j what the file name says',
  (text) => {
    expect(readModelCard('abacus-large.gguf', text)).toMatchObject({
      name: { publisher: 'baimo', name: 'abacus-large' },
      family: 'abacus',
    })
  },
)
