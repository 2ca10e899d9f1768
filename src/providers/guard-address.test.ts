import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { guardLookup } from './guard-address.ts'

describe('a name', () => {
  type Answer = Parameters<Parameters<LookupFunction>[2]>
  /** What the guarded lookup says when the name service answers this. */
  function lookUp(
    answer: Answer,
    policy: 'private-allowed' | 'public-only' = 'private-allowed',
  ): Promise<unknown[]> {
    const resolve: LookupFunction = (_hostname, _options, callback) => callback(...answer)
    return new Promise((done) => {
      guardLookup(resolve, policy)('name.example', {}, (...said: unknown[]) => done(said))
    })
  }
  const several = (...addresses: string[]): Answer =>
    [
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ] as never

  it.each([
    [[null, '169.254.169.254', 4]],
    [several('10.0.0.5', 'fe80::1')],
    [[null, '::ffff:169.254.169.254', 6]],
  ])('that leads to %j is refused to everybody', async (answer) => {
    const [error] = await lookUp(answer as never)
    expect(error).toMatchObject({ code: 'providers_address_forbidden' })
  })

  it('of which one address of several lies inside is for operators alone', async () => {
    const answer = several('8.8.8.8', '2606:4700::1111', '10.0.0.5')
    expect(await lookUp(answer)).toEqual(answer.concat(undefined as never))
    const [error, found] = await lookUp(answer, 'public-only')
    expect(error).toMatchObject({ code: 'providers_address_forbidden' })
    expect(found).toBe('')
  })

  it('that leads elsewhere, or nowhere, is answered as it is', async () => {
    expect(await lookUp([null, '10.0.0.5', 4])).toEqual([null, '10.0.0.5', 4])
    expect(await lookUp([null, '8.8.8.8', 4], 'public-only')).toEqual([null, '8.8.8.8', 4])
    const failure = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    expect((await lookUp([failure, '']))[0]).toBe(failure)
  })
})
