import { expect, test } from 'vitest'
import { batchLookups } from './batch-lookups.ts'

function slowTable(known: Readonly<Record<string, number>>) {
  const calls: (readonly string[])[] = []
  const gates: (() => void)[] = []
  const lookups = batchLookups<number>(
    async (keys) => {
      calls.push(keys)
      await new Promise<void>((resolve) => gates.push(resolve))
      return new Map(Object.entries(known).filter(([key]) => keys.includes(key)))
    },
    { batch: 3, waiting: 4 },
  )
  const open = async () => {
    await Promise.resolve()
    gates.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { lookups, calls, open }
}

test('who comes together goes together, who asks for the same shares', async () => {
  const { lookups, calls, open } = slowTable({ a: 1 })
  const answers = [lookups.find('a'), lookups.find('b'), lookups.find('a')]
  await open()
  expect(await Promise.all(answers)).toEqual([1, null, 1])
  expect(calls).toEqual([['a', 'b']])
})

test('one question at a time, the rest waits its turn in batches', async () => {
  const { lookups, calls, open } = slowTable({ e: 5 })
  const first = lookups.find('a')
  await Promise.resolve()
  const rest = ['b', 'c', 'd', 'e'].map((key) => lookups.find(key))
  expect(lookups.isFull('f')).toBe(true)
  expect(lookups.isFull('b')).toBe(false)
  await open()
  await open()
  await open()
  await first
  expect(await Promise.all(rest)).toEqual([null, null, null, 5])
  expect(calls).toEqual([['a'], ['b', 'c', 'd'], ['e']])
})

test('after forget nobody shares what began before', async () => {
  const { lookups, calls, open } = slowTable({ a: 1 })
  const before = lookups.find('a')
  await Promise.resolve()
  lookups.forget()
  const after = lookups.find('a')
  await open()
  await open()
  expect(await Promise.all([before, after])).toEqual([1, 1])
  expect(calls).toEqual([['a'], ['a']])
})

test('a failure reaches everybody of its batch, and the next batch runs', async () => {
  let fails = true
  const lookups = batchLookups<number>(
    async () => {
      if (fails) throw new Error('away')
      return new Map([['a', 1]])
    },
    { batch: 3, waiting: 3 },
  )
  const answers = await Promise.allSettled([lookups.find('a'), lookups.find('b')])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await lookups.find('a')).toBe(1)
})
