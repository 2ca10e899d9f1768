import { describe, expect, it } from 'vitest'
import { AssertionFailure, assert, assertNever } from './assert.ts'

describe('assert', () => {
  it('lets a condition that holds pass', () => {
    expect(() => assert(1 < 2, 'kernel: order')).not.toThrow()
  })

  it('throws a failure that is no refusal and carries the rule', () => {
    expect(() => assert(0, 'kernel: counts are above zero')).toThrow(AssertionFailure)
    expect(() => assert(0, 'kernel: counts are above zero')).toThrow('counts are above zero')
  })
})

describe('assertNever', () => {
  it('names the value that no case expected', () => {
    expect(() => assertNever('later' as never, 'kernel: tense')).toThrow('kernel: tense: later')
  })
})
