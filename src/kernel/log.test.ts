import { expect, it } from 'vitest'
import { silentLog } from './log.ts'

it('keeps nothing of what it is told', () => {
  expect(silentLog.error({ code: 'tests_door_shut' }, 'refused')).toBeUndefined()
})
