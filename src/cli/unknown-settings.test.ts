import { expect, it } from 'vitest'
import { settings } from '../config.ts'
import { describeUnknown, unknownSettings } from './unknown-settings.ts'

it.each([
  ['BAIMO_OFLINE', 'BAIMO_OFFLINE'],
  ['BAIMO_PORT', 'PORT'],
  ['BAIMO_DATABASE_URL', 'DATABASE_URL'],
  ['baimo_home', 'BAIMO_HOME'],
  ['BAIMO_STOP_SECOND', 'BAIMO_STOP_SECONDS'],
  ['BAIMO_SOMETHING_ELSE_ALTOGETHER', null],
])('%s is no setting; the nearest is %s', (name, nearest) => {
  expect(unknownSettings({ [name]: '1' })).toEqual([{ name, nearest }])
})

it('every setting is known, and what is not ours is nobody’s business', () => {
  const all = Object.fromEntries(settings.map(({ name }) => [name, '1']))
  expect(unknownSettings({ ...all, BAIMO_COMMAND: 'npx baimo', HOSTX: '1' })).toEqual([])
})

it('is told in one line', () => {
  expect(describeUnknown({ name: 'BAIMO_OFLINE', nearest: 'BAIMO_OFFLINE' })).toBe(
    'BAIMO_OFLINE is no setting, so it counts for nothing. Is BAIMO_OFFLINE meant?',
  )
})
