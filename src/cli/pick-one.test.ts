import { expect, it } from 'vitest'
import { pickOne } from './pick-one.ts'

const items = [
  { id: 'id-1', name: 'Red' },
  { id: 'id-2', name: 'Blue' },
  { id: 'id-3', name: 'Blue' },
]
const options = {
  noun: 'person',
  listedBy: 'people',
  namesOf: (one: { name: string }) => [one.name],
}

it('finds one by id or by a name, whatever its case', () => {
  expect(pickOne(items, 'id-2', options).id).toBe('id-2')
  expect(pickOne(items, 'red', options).id).toBe('id-1')
})

it('says how to list them when there is none, and gives the ids when there are several', () => {
  expect(() => pickOne(items, 'Green', options)).toThrow('"baimo people" lists them')
  expect(() => pickOne(items, 'Blue', options)).toThrow('Give the id: id-2, id-3.')
})
