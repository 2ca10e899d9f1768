import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openScriptedUpstream } from '../../tests/upstream/scripted-upstream.ts'
import { guardLookup, openPools } from './pools.ts'

describe('a name', () => {
  /** What the guarded lookup says when the name service answers this. */
  function lookUp(answer: Parameters<Parameters<LookupFunction>[2]>): Promise<unknown[]> {
    const resolve: LookupFunction = (_hostname, _options, callback) => callback(...answer)
    return new Promise((done) => {
      guardLookup(resolve)('name.example', {}, (...said) => done(said))
    })
  }

  it.each([
    [[null, '169.254.169.254', 4]],
    [
      [
        null,
        [
          { address: '10.0.0.5', family: 4 },
          { address: 'fe80::1', family: 6 },
        ],
      ],
    ],
    [[null, '::ffff:169.254.169.254', 6]],
  ])('that leads to %j is refused', async (answer) => {
    const [error] = await lookUp(answer as never)
    expect(error).toMatchObject({ code: 'providers_address_forbidden' })
  })

  it('that leads elsewhere, or nowhere, is answered as it is', async () => {
    expect(await lookUp([null, '10.0.0.5', 4])).toEqual([null, '10.0.0.5', 4])
    const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    expect((await lookUp([failure, '']))[0]).toBe(failure)
  })
})

it('has one lane for an origin, whatever the path, and one for each socket', async () => {
  const pools = openPools({ connections: 1, connectTimeoutMs: 100 })
  const upstream = await openScriptedUpstream()
  const at = (fields: object) => pools.routeTo(upstream.endpoint(fields))
  const one = at({ baseUrl: 'http://a.example/v1/' })
  expect(one.prefix).toBe('/v1')
  expect(at({ baseUrl: 'http://a.example' }).lane).toBe(one.lane)
  expect(at({ baseUrl: 'http://b.example/v1' }).lane).not.toBe(one.lane)
  expect(at({ baseUrl: 'http://a.example/v1', socketPath: '/x' }).lane).not.toBe(one.lane)
  expect(() => at({ baseUrl: 'nonsense' })).toThrow(
    expect.objectContaining({ code: 'providers_url_invalid' }),
  )
  await pools.close()
  await upstream.close()
})
