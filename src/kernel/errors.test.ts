import { describe, expect, it } from 'vitest'
import { defineErrors, Refusal, refusalsOf } from './errors.ts'

const rows = defineErrors({
  tests_door_shut: { kind: 'forbidden', title: 'The door is shut.', isRetryable: false },
  tests_queue_full: { kind: 'exhausted', title: 'The queue is full.', isRetryable: true },
})
const refuse = refusalsOf(rows)

describe('a refusal', () => {
  it('carries its row of the catalogue and the words for this case', () => {
    const refusal = refuse('tests_door_shut', 'Ring the bell.')
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal).toMatchObject({
      code: 'tests_door_shut',
      kind: 'forbidden',
      isRetryable: false,
      message: 'Ring the bell.',
    })
  })

  it('knows nothing that it was not told', () => {
    const { param, retryAfterSeconds, details, cause } = refuse('tests_door_shut', 'Ring.')
    expect([param, retryAfterSeconds, details, cause]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('keeps the cause, the parameter and the time to wait', () => {
    const cause = new Error('the bell is broken')
    const options = { cause, param: 'door', retryAfterSeconds: 2, details: { waiting: 9 } }
    expect(refuse('tests_queue_full', 'Come back.', options)).toMatchObject(options)
  })

  it('does not exist for a code that is no row', () => {
    const untyped = refusalsOf(rows) as (code: string, message: string) => Refusal
    expect(() => untyped('tests_unheard_of', 'What?')).toThrow('not in the catalogue')
  })
})
