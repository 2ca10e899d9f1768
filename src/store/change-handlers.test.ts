import { expect, it } from 'vitest'
import { silentLog } from '../kernel/index.ts'
import { encodeChange, openHandlers } from './change-handlers.ts'

it('writes what it can read again, and nothing that PostgreSQL would refuse', () => {
  const heard: string[] = []
  const handlers = openHandlers(silentLog)
  handlers.listen('people', { onChange: (detail) => void heard.push(detail), onGap: () => {} })
  for (const detail of ['', 'a b', '模'.repeat(2_000)])
    handlers.tell(encodeChange('people', detail) ?? 'too long')
  expect(heard).toEqual(['', 'a b', '模'.repeat(2_000)])
  expect(encodeChange('people', '模'.repeat(2_665))).toBeNull()
})

it('passes over what a newer version announces', () => {
  const handlers = openHandlers(silentLog)
  handlers.listen('people', { onChange: () => expect.unreachable(), onGap: () => {} })
  for (const payload of ['later 1', 'peoples 1', '', ' people']) handlers.tell(payload)
})

it('tells a gap to everybody who listens', () => {
  const told: string[] = []
  const handlers = openHandlers(silentLog)
  const heardBy = (name: string) => ({ onChange: () => {}, onGap: () => void told.push(name) })
  handlers.listen('people', heardBy('people'))
  handlers.listen('catalog', heardBy('catalog'))
  const stop = handlers.listen('limits', heardBy('limits'))
  stop()
  stop()
  handlers.tellGap()
  expect(told).toEqual(['people', 'catalog'])
})
