import { type Refusal, readRetryAfterMs } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import type { Hub, Source } from './types.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Where people read about a repository. */
export function pageUrlOf(hub: Hub, { publisher, repo }: Source): string {
  const folder = hub.kind === 'ms' ? '/models' : ''
  return `${hub.endpoint}${folder}/${publisher}/${repo}`
}

/** What a hub's answer with another status than asked for means, and what to do next. */
export function explainAnswer(
  hub: Hub,
  source: Source,
  answer: { readonly status: number; readonly headers: Headers; readonly nowMs: number },
): Refusal {
  const name = `${source.publisher}/${source.repo}`
  const { status } = answer
  if (status === 401 || status === 403) return explainAccess(hub, source, status)
  if (status === 404 || status === 410)
    return refuse(
      'hubs_not_found',
      `${hub.title} has no ${name}. Check the spelling at ${hub.endpoint}.`,
    )
  if (status === 429) {
    const waitMs = readRetryAfterMs(answer.headers, answer.nowMs)
    const seconds = waitMs === null ? null : Math.ceil(waitMs / 1_000)
    const when = seconds === null ? 'in some minutes' : `in ${seconds} s`
    const token = hub.token === null ? `, or set ${hub.tokenSetting} for a higher limit` : ''
    return refuse(
      'hubs_rate_limited',
      `${hub.title} answers too many requests now. Try again ${when}${token}.`,
      {
        ...(seconds === null ? {} : { retryAfterSeconds: seconds }),
      },
    )
  }
  if (status >= 500)
    return refuse('hubs_unreachable', `${hub.title} fails (${status}). ${mirrorAdvice(hub)}`)
  return refuse(
    'hubs_answer_invalid',
    `What answers at ${hub.endpoint} is no hub (${status}). ${mirrorAdvice(hub)}`,
  )
}

function explainAccess(hub: Hub, source: Source, status: number): Refusal {
  const page = pageUrlOf(hub, source)
  if (hub.token !== null)
    return refuse(
      'hubs_access_refused',
      `${hub.title} refuses the token of ${hub.tokenSetting} (${status}). Accept the terms at ${page}, or set another token and start the market again.`,
    )
  // Hugging Face says 401 of what does not exist, too, so that nobody learns of private ones.
  return refuse(
    'hubs_access_refused',
    `${hub.title} does not show ${source.publisher}/${source.repo} to everybody (${status}). Check the spelling; if its terms must be accepted, do so at ${page}, set ${hub.tokenSetting}, and start the market again.`,
  )
}

/** What to do about a hub that does not work. */
export function mirrorAdvice(hub: Hub): string {
  return hub.isEndpointSet
    ? `Check ${hub.endpointSetting}, which is ${hub.endpoint}.`
    : `Check the network, or set ${hub.endpointSetting} to a mirror.`
}
