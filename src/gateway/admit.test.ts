import { describe, expect, it } from 'vitest'
import {
  DEFAULT_RESILIENCE,
  type Endpoint,
  type LiveListing,
  type Resolution,
} from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'
import type { Operation } from '../metering/index.ts'
import { admitRequest } from './admit.ts'
import { readEnvelope } from './read-envelope.ts'

const BODY = '{"model":"m","messages":[1]}'
const ENDPOINT: Endpoint = {
  providerId: newId<'provider'>(),
  dialect: 'openai',
  baseUrl: 'http://127.0.0.1:9/v1',
  socketPath: null,
  authHeader: null,
  quirks: { acceptsStreamOptions: true, rejectedParameters: ['logit_bias', 'user'] },
}

function listing(overrides: Partial<LiveListing> = {}): LiveListing {
  return {
    listingId: newId<'listing'>(),
    variantId: newId<'variant'>(),
    modelId: newId<'model'>(),
    modelName: 'acme/m',
    upstreamModel: 'm',
    capabilities: ['chat'],
    league: 'models',
    contextTokens: null,
    createdAtSeconds: 0,
    endpoint: ENDPOINT,
    resilience: DEFAULT_RESILIENCE,
    ...overrides,
  }
}

function admit(resolution: Resolution, body = BODY, operation: Operation = 'chat') {
  return admitRequest(readEnvelope(Buffer.from(body), operation), operation, () => resolution)
}

describe('admitRequest', () => {
  it('answers the listing that the name leads to, and how', () => {
    const live = listing()
    const names: string[] = []
    const admission = admitRequest(readEnvelope(Buffer.from(BODY), 'chat'), 'chat', (name) => {
      names.push(name)
      return { kind: 'listing', listing: live, others: [], how: 'alias' }
    })
    expect(names).toEqual(['m'])
    expect(admission).toMatchObject({ listing: live, how: 'alias', envelope: { model: 'm' } })
  })

  it('names the member at fault of a body that is no request', () => {
    expect(() => admit({ kind: 'unknown', nearest: [] }, '{"model":"m"}')).toThrow(
      expect.objectContaining({ code: 'gateway_body_invalid', param: 'messages' }),
    )
    expect(() => admit({ kind: 'unknown', nearest: [] }, 'x')).toThrow(
      expect.objectContaining({ code: 'gateway_body_invalid', param: undefined }),
    )
  })

  it.each<[Resolution, string, RegExp]>([
    [
      { kind: 'unknown', nearest: ['acme/n', 'acme/o'] },
      'gateway_model_unknown',
      /acme\/n, acme\/o/,
    ],
    [{ kind: 'unknown', nearest: [] }, 'gateway_model_unknown', /GET \/v1\/models/],
    [{ kind: 'ambiguous', candidates: ['a/m', 'b/m'] }, 'gateway_model_ambiguous', /a\/m, b\/m/],
    [{ kind: 'no-live-listing', modelName: 'a/m' }, 'gateway_model_not_live', /a\/m/],
  ])('refuses a name that leads to no listing: %j', (resolution, code, message) => {
    expect(() => admit(resolution)).toThrow(
      expect.objectContaining({ code, param: 'model', message: expect.stringMatching(message) }),
    )
  })

  it('shows no more than 200 characters of an unknown name, on one line', () => {
    const body = JSON.stringify({ model: `\n${'x'.repeat(10_000)}`, messages: [1] })
    let message = ''
    try {
      admit({ kind: 'unknown', nearest: [] }, body)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message.length).toBeLessThan(300)
    expect(message).not.toContain('\n')
  })

  it('refuses an operation that the model is known not to offer', () => {
    const resolution = { kind: 'listing', listing: listing(), others: [], how: 'name' } as const
    expect(() => admit(resolution, '{"model":"m","input":"x"}', 'embeddings')).toThrow(
      expect.objectContaining({ code: 'gateway_operation_unsupported' }),
    )
  })

  it('asks a model whose capabilities nobody knows', () => {
    const live = listing({ capabilities: [] })
    const resolution = { kind: 'listing', listing: live, others: [], how: 'name' } as const
    expect(admit(resolution, '{"model":"m","input":"x"}', 'embeddings').listing).toBe(live)
  })

  it('refuses a parameter by name that the provider is known to reject', () => {
    const resolution = { kind: 'listing', listing: listing(), others: [], how: 'name' } as const
    expect(() => admit(resolution, '{"model":"m","messages":[1],"us\\u0065r":"x"}')).toThrow(
      expect.objectContaining({ code: 'gateway_parameter_unsupported', param: 'user' }),
    )
    expect(() => admit(resolution, '{"model":"m","messages":[{"user":1}]}')).not.toThrow()
  })

  it('chooses another listing of the model where the first cannot serve the request', () => {
    const embeds = listing({ capabilities: ['embedding'] })
    const strict = listing()
    const free = { acceptsStreamOptions: true, rejectedParameters: [] }
    const [able, last] = [1, 2].map(() => listing({ endpoint: { ...ENDPOINT, quirks: free } }))
    if (able === undefined || last === undefined) throw new Error('there are two')
    const others = [strict, able, last]
    const resolution = { kind: 'listing', listing: embeds, others, how: 'name' } as const
    expect(admit(resolution, '{"model":"m","messages":[1],"user":"x"}')).toMatchObject({
      listing: able,
      others: [last],
    })
    expect(admit(resolution).listing).toBe(strict)
  })

  it('refuses for the parameter where the operation is offered at all, and by none', () => {
    const embeds = listing({ capabilities: ['embedding'] })
    const resolution = {
      kind: 'listing',
      listing: embeds,
      others: [listing()],
      how: 'name',
    } as const
    expect(() => admit(resolution, '{"model":"m","messages":[1],"user":"x"}')).toThrow(
      expect.objectContaining({ code: 'gateway_parameter_unsupported', param: 'user' }),
    )
  })

  it('asks no other where the owner of the first wants that', () => {
    const resilience = { ...DEFAULT_RESILIENCE, fallsBack: false }
    const alone = listing({ capabilities: ['embedding'], resilience })
    const resolution = {
      kind: 'listing',
      listing: alone,
      others: [listing()],
      how: 'name',
    } as const
    expect(() => admit(resolution)).toThrow(
      expect.objectContaining({ code: 'gateway_operation_unsupported' }),
    )
  })
})
