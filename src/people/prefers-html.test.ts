import { expect, it } from 'vitest'
import { prefersHtml } from './prefers-html.ts'

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['TEXT/HTML ; q=0.7, application/json;q=0.5', true],
  ['text/html, application/json', true],
  ['text/html;q=0.4, application/json', false],
  ['text/html;q=0.4, */*;q=0.8', false],
  ['text/html;q=0', false],
  ['text/html;q=x', false],
  ['application/problem+json, text/html;q=0.9', false],
  ['application/json', false],
  ['*/*', false],
  ['', false],
  [undefined, false],
])('%s is a browser: %s', (accept, isBrowser) => {
  expect(prefersHtml(accept)).toBe(isBrowser)
})
