import { expect, test } from 'vitest'
import { isOwnOrigin } from './check-origin.ts'

const host = '127.0.0.1:7777'

test.each([
  [{ secFetchSite: 'same-origin', origin: undefined }, true],
  [{ secFetchSite: 'same-site', origin: `http://${host}` }, false],
  [{ secFetchSite: 'cross-site', origin: `http://${host}` }, false],
  [{ secFetchSite: 'none', origin: undefined }, false],
  [{ secFetchSite: undefined, origin: `http://${host}` }, true],
  [{ secFetchSite: undefined, origin: `https://${host}` }, true],
  [{ secFetchSite: undefined, origin: 'http://127.0.0.1:7778' }, false],
  [{ secFetchSite: undefined, origin: `http://${host}.evil.example` }, false],
  [{ secFetchSite: undefined, origin: 'null' }, false],
  [{ secFetchSite: undefined, origin: undefined }, false],
])('%j is our own page: %j', (headers, isOwn) => {
  expect(isOwnOrigin({ host, ...headers })).toBe(isOwn)
})

test('without a host nothing is our own', () => {
  expect(isOwnOrigin({ host: undefined, origin: `http://${host}`, secFetchSite: undefined })).toBe(
    false,
  )
})
