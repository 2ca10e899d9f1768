import type { Hub, HubFile, HubKind, Source } from './types.ts'

/** A question to a hub: where, and with what. */
export interface HubRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** What tells about a repository: its files first, then its facts where they are told apart. */
export function repoRequests(hub: Hub, source: Source): HubRequest[] {
  const name = `${encodeURIComponent(source.publisher)}/${encodeURIComponent(source.repo)}`
  const paths: Readonly<Record<HubKind, readonly string[]>> = {
    hf: [`/api/models/${name}?blobs=true`],
    ms: [
      `/api/v1/models/${name}/repo/files?Revision=master&Recursive=true`,
      `/api/v1/models/${name}`,
    ],
  }
  return paths[hub.kind].map((path) => ({
    url: `${hub.endpoint}${path}`,
    headers: { accept: 'application/json', ...credentials(hub) },
  }))
}

/** The file itself. Both hubs say `resolve/REVISION/PATH`, below different roots. */
export function fileRequest(
  hub: Hub,
  at: { readonly publisher: string; readonly repo: string; readonly revision: string },
  file: HubFile,
): HubRequest {
  const root = hub.kind === 'ms' ? '/models' : ''
  const path = [at.publisher, at.repo, 'resolve', at.revision, ...file.path.split('/')]
  return {
    url: `${hub.endpoint}${root}/${path.map(encodeURIComponent).join('/')}`,
    headers: credentials(hub),
  }
}

/**
 * The token, for the hub's own host alone: whoever follows redirects drops these headers.
 * ModelScope's client sends its token as a cookie, newer servers take the header, too.
 */
function credentials(hub: Hub): Record<string, string> {
  if (hub.token === null) return {}
  const bearer = { authorization: `Bearer ${hub.token}` }
  return hub.kind === 'ms' ? { ...bearer, cookie: `m_session_id=${hub.token}` } : bearer
}
