import { expect, test } from 'vitest'
import { runAll } from '../src/main.ts'

test('a part that does not close keeps no other from closing, and is told at the end', async () => {
  const closed: string[] = []
  const closing = runAll([
    () => void closed.push('server'),
    () => {
      throw new Error('usage was lost')
    },
    async () => {
      throw new Error('the engine hangs')
    },
    async () => void closed.push('home'),
  ])
  await expect(closing).rejects.toThrow('usage was lost')
  expect(closed).toEqual(['server', 'home'])
})
