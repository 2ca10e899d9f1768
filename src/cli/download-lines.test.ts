import { expect, it } from 'vitest'
import type { DownloadAnswer, DownloadOfferAnswer } from './answers.ts'
import { describeOffer, describeProgress } from './download-lines.ts'

const running: DownloadAnswer = {
  id: 'x',
  source: 'hf:acme/lion-GGUF',
  state: 'running',
  model: 'acme/lion:Q4_K_M',
  size_bytes: 4_000_000_000,
  done_bytes: 1_000_000_000,
  bytes_per_second: 20_000_000,
  remaining_seconds: 150,
  waits_for: null,
  error: null,
  listing_id: null,
}

it('shows how far, how fast and how long', () => {
  expect(describeProgress(running, 100)).toBe(
    '██████░░░░░░░░░░░░░░░░░░  25 %  1 GB of 4 GB  20 MB/s  2 min 30 s left',
  )
})

it('leaves the bar out where there is no room', () => {
  expect(describeProgress(running, 40)).toBe('25 %  1 GB of 4 GB  20 MB/s  2 min 30 s left')
})

it('says why nothing comes, and what else goes on', () => {
  expect(describeProgress({ ...running, waits_for: 'it broke off: trying again' }, 30)).toBe(
    '25 %  1 GB of 4 GB  it broke off: trying again',
  )
  expect(describeProgress({ ...running, state: 'verifying' }, 30)).toMatch(/^checking 25 %/)
  expect(describeProgress({ ...running, state: 'waiting' }, 80)).toMatch(/waiting for others$/)
  expect(describeProgress({ ...running, state: 'adding' }, 80)).toMatch(/adding it$/)
})

it('tells size, licence, publisher and files before', () => {
  const offer: DownloadOfferAnswer = {
    source: running.source,
    publisher: 'acme',
    page_url: 'https://hub.example.org/acme/lion-GGUF',
    licence: null,
    model: running.model,
    same_as: null,
    has_room: true,
    size_bytes: 4_000_000_000,
    missing_bytes: 3_000_000_000,
    free_bytes: 90_000_000_000,
    chosen: { name: 'lion-00001-of-00003.gguf', files: [{}, {}, {}] },
  }
  expect(describeOffer(offer)).toEqual([
    'Model      acme/lion:Q4_K_M',
    'Publisher  acme',
    'Licence    unknown (https://hub.example.org/acme/lion-GGUF)',
    'Files      lion-00001-of-00003.gguf and 2 more parts',
    'Size       4 GB, 3 GB to come; 90 GB are free',
  ])
})
