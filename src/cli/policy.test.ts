import { expect, it } from 'vitest'
import { composePolicy } from './policy.ts'

it('says what a policy asks for, with “here” for what is at hand', () => {
  const asked = { retention: true, training: true }
  expect(composePolicy({ ...asked, places: 'here, EU' })).toEqual({
    places: ['this-machine', 'own-network', 'EU'],
    no_retention: false,
    no_training: false,
    least_openness: null,
  })
  expect(composePolicy({ retention: false, training: false, openness: 'weights' })).toEqual({
    places: null,
    no_retention: true,
    no_training: true,
    least_openness: 'weights',
  })
  expect(() => composePolicy(asked)).toThrow('Say what to ask for')
})
