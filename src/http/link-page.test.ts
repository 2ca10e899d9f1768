import { expect, it } from 'vitest'
import { answerUnusableLink, renderLinkPage } from './link-page.ts'

const options = { version: '1.0.0', command: 'npx <lion>' }

it('says why a link opens nothing, and how to get another, in the reader’s language', () => {
  const english = renderLinkPage('en', options)
  expect(english).toContain('<html lang="en">')
  expect(english).toContain('It was used already, or is older than an hour.')
  expect(english).toContain('npx &lt;lion&gt; link</pre>')
  const chinese = renderLinkPage('zh-CN,zh;q=0.9', options)
  expect(chinese).toContain('<html lang="zh-Hans">')
  expect(chinese).toContain('取一个新链接')
})

it('is kept by nobody, runs nothing and follows the reader’s light or dark', () => {
  const { status, headers, text } = answerUnusableLink(undefined, options)
  expect(status).toBe(404)
  expect(headers).toMatchObject({ 'cache-control': 'no-store', vary: 'accept, accept-language' })
  expect(headers?.['content-security-policy']).toContain("default-src 'none'; style-src 'sha256-")
  expect(text?.type).toBe('text/html; charset=utf-8')
  expect(text?.content).toContain('<meta name="color-scheme" content="light dark">')
  expect(text?.content).not.toContain('<script')
})
