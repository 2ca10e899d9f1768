import type { Market } from '../../support/market.ts'
import type { ScriptedUpstream } from '../../upstream/scripted-upstream.ts'

/** A call by the owner: with a body it is a POST, unless said otherwise. */
export function call(
  market: Market,
  path: string,
  body?: object,
  method = body === undefined ? 'GET' : 'POST',
): Promise<Response> {
  return fetch(market.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
  })
}

/** Adds the scripted upstream, with these models switched on. */
export async function addUpstream(
  market: Market,
  upstream: ScriptedUpstream,
  models: readonly string[] = ['acme/normal'],
): Promise<void> {
  const added = await call(market, '/api/providers', {
    url: upstream.baseUrl,
    name: 'scripted',
    models,
  })
  if (added.status !== 201) throw new Error(`not added: ${await added.text()}`)
}
