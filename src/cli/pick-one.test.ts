import { expect, it } from 'vitest'
import { pickOne } from './pick-one.ts'

const items = [
  { id: 'id-1', name: 'Ada' },
  { id: 'id-2', name: 'Lin' },
  { id: 'id-3', name: 'Lin' },
]
const options = {
  noun: 'person',
  listedBy: 'people',
  namesOf: (one: { name: string }) => [one.name],
}

it('finds one by id or by a name, whatever its case', () => {
  expect(pickOne(items, 'id-2', options).id).toBe('id-2')
  expect(pickOne(items, 'ada', options).id).toBe('id-1')
})

it('says how to list them when there is none, and gives the ids when there are several', () => {
  expect(() => pickOne(items, 'Bo', options)).toThrow('"baimo people" lists them')
  expect(() => pickOne(items, 'Lin', options)).toThrow('Give the id: id-2, id-3.')
})
