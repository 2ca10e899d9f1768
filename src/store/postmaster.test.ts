import { expect, it } from 'vitest'
import { isAlive, isPostgresOn, parsePostmaster } from './postmaster.ts'

const running = '4711\n/home/x/pg\n1790000000\n5432\n/home/x/run/pg\n\n 12345 6\nready   \n'

it('reads what a running server says of itself', () => {
  expect(parsePostmaster(running)).toEqual({
    pid: 4711,
    port: 5432,
    socketPath: '/home/x/run/pg',
    isReady: true,
  })
  expect(parsePostmaster(running.replace('ready', 'starting'))?.isReady).toBe(false)
})

it('reads nothing from a file that is empty, cut or foreign', () => {
  for (const text of ['', '4711\n/home/x', 'hello\nworld\n1\n5432'])
    expect(parsePostmaster(text)).toBeNull()
})

it('tells a live process from one that is not, and PostgreSQL from another program', () => {
  expect(isAlive(process.pid)).toBe(true)
  expect(isAlive(4_194_303)).toBe(false)
  expect(isPostgresOn(process.pid, '/home/x/pg')).toBe(false)
})
