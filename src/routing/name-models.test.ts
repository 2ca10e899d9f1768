import { expect, it } from 'vitest'
import { nameModels, startsOf } from './name-models.ts'

type Rows = Parameters<typeof nameModels>[0]['models']

const row = (id: string, publisher: string, name: string, mergedIntoId: string | null = null) => ({
  ...{ id, publisher, name, mergedIntoId },
})
const models = [
  row('1', 'acme', 'Lion'),
  row('2', 'zoo', 'lion'),
  row('3', 'acme', 'lynx'),
  row('4', 'acme', 'lynx@other', '3'),
] as unknown as Rows

it('finds a model by its full name, its id, and the bare name where only one has it', () => {
  const { find, nameOf } = nameModels({ models })
  expect([find('ACME/lion'), find('3'), find('lynx')]).toEqual(['1', '3', '3'])
  expect([find('lion'), find('nobody/none'), find('acme/lynx@other')]).toEqual([null, null, null])
  expect([nameOf('1'), nameOf('9')]).toEqual(['acme/Lion', null])
})

it('counts a model’s age from when its first listing was switched on', () => {
  const variants = [
    { id: 'v', modelId: '1' },
    { id: 'w', modelId: '2' },
  ]
  const listings = [
    { variantId: 'v', switchedAtMs: 50 },
    { variantId: 'v', switchedAtMs: 20 },
    { variantId: 'w', switchedAtMs: null },
  ]
  const starts = startsOf({ variants, listings } as unknown as Parameters<typeof startsOf>[0])
  expect([...starts]).toEqual([['1', 20]])
})
