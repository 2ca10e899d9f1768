import { expect, it } from 'vitest'
import { isAway, isBroken, isBusy, isReadOnly } from './is-away.ts'

const errorOf = (message: string, more: object = {}) => Object.assign(new Error(message), more)

it.each([
  ['connect ECONNREFUSED', { code: 'ECONNREFUSED' }],
  ['connect ENOENT', { code: 'ENOENT', syscall: 'connect' }],
  ['terminating connection due to administrator command', { code: '57P01' }],
  ['the database system is starting up', { code: '57P03' }],
  ['connection failure', { code: '08006' }],
  ['sorry, too many clients already', { code: '53300' }],
  ['Connection terminated unexpectedly', {}],
  ['timeout exceeded when trying to connect', {}],
  ['Client has encountered a connection error and is not queryable', {}],
])('takes "%s" for a database that is away', (message, more) => {
  expect(isAway(errorOf(message, more))).toBe(true)
})

it.each([
  ['relation "keys" does not exist', { code: '42P01' }],
  ['duplicate key', { code: '23505' }],
  ['canceling statement due to statement timeout', { code: '57014' }],
  ['open ENOENT', { code: 'ENOENT', syscall: 'open' }],
  ['Connection terminated, says a row', { code: '23514' }],
])('leaves "%s" as it is', (message, more) => {
  expect(isAway(errorOf(message, more))).toBe(false)
  expect(isAway(message)).toBe(false)
})

it('tells what may go better the next time from what is wrong', () => {
  for (const code of ['57014', '55P03', '40001', '40P01', '53200'])
    expect(isBusy(errorOf('later', { code }))).toBe(true)
  for (const code of ['57P01', '53300', '53100', '23505', '42P01', 'ECONNRESET'])
    expect(isBusy(errorOf('now', { code }))).toBe(false)
  expect(isReadOnly(errorOf('cannot execute INSERT', { code: '25006' }))).toBe(true)
  expect(isReadOnly('25006')).toBe(false)
})

it('tells a database whose own files are gone or damaged', () => {
  for (const code of ['58P01', '58030', 'XX001', 'XX002'])
    expect(isBroken(errorOf('could not open file', { code }))).toBe(true)
  for (const code of ['XX000', '42P01', '53100', 'ENOENT'])
    expect(isBroken(errorOf('no', { code }))).toBe(false)
})
