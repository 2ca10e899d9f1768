import { expect, it } from 'vitest'
import { Refusal } from '../kernel/index.ts'
import { tellAddress } from './tell-address.ts'

const row = { kind: 'upstream', title: 'Away.', isRetryable: true } as const
const URL = 'http://box:8000/v1'

it('a refusal of a provider tells the address, and stays what it was', () => {
  const away = new Refusal('providers_unreachable', row, 'Away.', { retryAfterSeconds: 2 })
  expect(tellAddress(away, URL)).toMatchObject({
    code: 'providers_unreachable',
    kind: 'upstream',
    isRetryable: true,
    message: `Away. Asked: ${URL}.`,
    retryAfterSeconds: 2,
    details: { url: URL },
    cause: away,
  })
})

it('nothing else is changed', () => {
  const other = new Refusal('catalog_key_missing', { ...row, kind: 'invalid' }, 'Give one.')
  expect(tellAddress(other, URL)).toBe(other)
  const bug = new Error('a bug')
  expect(tellAddress(bug, URL)).toBe(bug)
})
