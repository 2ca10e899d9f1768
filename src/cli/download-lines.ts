import type { DownloadAnswer, DownloadOfferAnswer } from './answers.ts'
import { count, formatBytes, formatMs, UNKNOWN } from './words.ts'

/** What a person reads before anything is fetched. */
export function describeOffer(offer: DownloadOfferAnswer): string[] {
  const { chosen } = offer
  const files = chosen.files.length
  const parts = files > 1 ? ` and ${count(files - 1, 'more part')}` : ''
  const rest =
    offer.missing_bytes < offer.size_bytes ? `, ${formatBytes(offer.missing_bytes)} to come` : ''
  return [
    `Model      ${offer.model}`,
    `Publisher  ${offer.publisher}`,
    `Licence    ${offer.licence ?? UNKNOWN} (${offer.page_url})`,
    `Files      ${chosen.name}${parts}`,
    `Size       ${formatBytes(offer.size_bytes)}${rest}; ${formatBytes(offer.free_bytes)} are free`,
  ]
}

const BAR_CELLS = 24

/** One line about a download that runs. */
export function describeProgress(download: DownloadAnswer, columns: number): string {
  const { state, done_bytes: done, size_bytes: size } = download
  const share = size === 0 ? 1 : Math.min(1, done / size)
  const percent = `${Math.floor(share * 100)} %`
  if (state === 'waiting')
    return `${download.source}: ${download.waits_for ?? 'waiting for others'}`
  if (state === 'adding') return `${download.source}: adding it`
  const what = state === 'verifying' ? 'checking ' : ''
  const facts = [
    `${what}${percent}`,
    `${formatBytes(done)} of ${formatBytes(size)}`,
    ...speed(download),
  ]
  const text = facts.join('  ')
  const cells = Math.min(BAR_CELLS, columns - text.length - 3)
  return cells < 8 ? text : `${bar(share, cells)}  ${text}`
}

function speed({
  waits_for: why,
  bytes_per_second: rate,
  remaining_seconds: left,
}: DownloadAnswer): string[] {
  if (why !== null) return [why]
  if (rate === null) return []
  return [`${formatBytes(rate)}/s`, ...(left === null ? [] : [`${formatMs(left * 1_000)} left`])]
}

function bar(share: number, cells: number): string {
  const full = Math.round(share * cells)
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)}`
}
