import { expect, it } from 'vitest'
import { Turns } from './take-turns.ts'

it('lets work of one kind go one after the other, whatever comes of it', async () => {
  const turns = new Turns()
  const seen: string[] = []
  const work =
    (name: string, isBad = false) =>
    async () => {
      seen.push(`${name} begins`)
      await new Promise((resolve) => setTimeout(resolve, 5))
      seen.push(`${name} ends`)
      if (isBad) throw new Error(name)
      return name
    }
  const all = await Promise.allSettled([
    turns.take('a', work('first', true)),
    turns.take('a', work('second')),
    turns.take('b', work('other')),
  ])
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(seen.indexOf('second begins')).toBeGreaterThan(seen.indexOf('first ends'))
  expect(seen.indexOf('other begins')).toBeLessThan(seen.indexOf('first ends'))
  expect(await turns.take('a', work('again'))).toBe('again')
})

it('lets go at once whoever does not want to wait any more, and the next one goes on', async () => {
  const turns = new Turns()
  const stop = new AbortController()
  const { promise, resolve } = Promise.withResolvers<string>()
  const first = turns.take('a', () => promise)
  let hasBegun = false
  const begin = async () => {
    hasBegun = true
  }
  const second = turns.take('a', begin, stop.signal)
  const third = turns.take('a', async () => 'third')
  const reason = new Error('stopped')
  stop.abort(reason)
  await expect(second).rejects.toBe(reason)
  await expect(turns.take('a', begin, stop.signal)).rejects.toBe(reason)
  resolve('first')
  expect(await Promise.all([first, third])).toEqual(['first', 'third'])
  expect(hasBegun).toBe(false)
})
