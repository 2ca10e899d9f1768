import { expect, it } from 'vitest'
import { NO_SLOT, Slots } from './slots.ts'

function thing(name: string) {
  return { name, slot: NO_SLOT }
}

it('holds each thing once, and gives its place to another when it has left', () => {
  const slots = new Slots<ReturnType<typeof thing>>()
  const [one, two, three] = [thing('one'), thing('two'), thing('three')]
  slots.add(one)
  slots.add(two)
  slots.add(two)
  expect(slots.size).toBe(2)
  expect(slots.delete(one)).toBe(true)
  slots.add(three)
  expect([...slots].map(({ name }) => name).sort()).toEqual(['three', 'two'])
  expect(three.slot).toBe(0)
})

it('takes nobody’s place away when one leaves that is not there', () => {
  const slots = new Slots<ReturnType<typeof thing>>()
  const [gone, there] = [thing('gone'), thing('there')]
  slots.add(gone)
  slots.delete(gone)
  slots.add(there)
  expect(slots.delete(gone)).toBe(false)
  expect(slots.delete(thing('never there'))).toBe(false)
  expect([slots.has(there), slots.size]).toEqual([true, 1])
})

it('lets things leave while it is walked through', () => {
  const slots = new Slots<ReturnType<typeof thing>>()
  const things = ['a', 'b', 'c'].map(thing)
  for (const each of things) slots.add(each)
  const seen: string[] = []
  for (const { name } of slots) {
    seen.push(name)
    for (const other of things) if (other.name !== 'c') slots.delete(other)
  }
  expect(seen).toEqual(['a', 'c'])
})
