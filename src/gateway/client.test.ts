import { describe, expect, it } from 'vitest'
import { firstValue, isOfType, passedHeaders, passedType } from './client.ts'

describe('passedHeaders', () => {
  it('lets limits and waiting times through, and nothing that names the operator', () => {
    const headers = {
      'retry-after': '7',
      'retry-after-ms': '1500',
      'x-ratelimit-remaining-requests': ['1', '2'],
      'openai-processing-ms': '12',
      'x-baimo-tools': 'text',
      'x-baimo-schema': 'ignored=pattern',
      'openai-organization': 'org-of-the-operator',
      'openai-project': 'proj',
      'x-request-id': 'theirs',
      'set-cookie': ['a=b'],
      server: 'nginx',
      'content-length': '5',
    }
    expect(passedHeaders(headers)).toEqual({
      'retry-after': '7',
      'retry-after-ms': '1500',
      'x-ratelimit-remaining-requests': '1, 2',
      'openai-processing-ms': '12',
      'x-baimo-tools': 'text',
      'x-baimo-schema': 'ignored=pattern',
    })
  })

  it('leaves the provider’s limits out where the market tells the caller’s own', () => {
    const headers = { 'x-ratelimit-limit-tokens': '9', 'retry-after': '7' }
    expect(passedHeaders(headers, ['x-ratelimit-limit-requests', '5'])).toEqual({
      'retry-after': '7',
    })
    expect(passedHeaders(headers, ['x-request-id', 'a'])).toEqual(headers)
  })

  it('drops a value that could not be sent on', () => {
    expect(passedHeaders({ 'retry-after': 'a\u0001b', 'x-ratelimit-a': '你' })).toEqual({})
  })
})

describe('passedType', () => {
  it.each([
    ['application/json; charset=utf-8', 'application/json; charset=utf-8'],
    ['Application/JSON', 'Application/JSON'],
    ['text/plain', 'application/json'],
    ['json\u0001', 'application/json'],
    [undefined, 'application/json'],
  ])('makes %j %j', (given, sent) => {
    expect(passedType({ 'content-type': given }, 'json', 'application/json')).toBe(sent)
  })
})

describe('isOfType', () => {
  it('ignores case and parameters', () => {
    expect(isOfType({ 'content-type': 'Text/Event-Stream;charset=x' }, 'text/event-stream')).toBe(
      true,
    )
    expect(isOfType({}, 'text/event-stream')).toBe(false)
  })
})

describe('firstValue', () => {
  it('takes the first of several', () => {
    expect(firstValue(['a', 'b'])).toBe('a')
    expect(firstValue('a')).toBe('a')
    expect(firstValue(undefined)).toBeUndefined()
  })
})
