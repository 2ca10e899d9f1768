import { expect, it } from 'vitest'
import { clauses, escapeHtml, hundred, page } from './page-frame.ts'
import { statusWords } from './status-words.ts'

it('frames a page in the language of its words', () => {
  const html = page({ ...statusWords('zh'), title: 'a<b' }, '<p>main</p>', '1.2.3')
  expect(html).toMatch(/^<!doctype html>\n<html lang="zh-Hans">/)
  expect(html).toContain('<title>a&lt;b</title>')
  expect(html).toContain('<p>main</p>')
  expect(html).toContain('1.2.3')
})

it('breaks a headline between its sentences', () => {
  expect(clauses('One. Two & three.')).toBe(
    '<span class="cl">One.</span> <span class="cl">Two &amp; three.</span>',
  )
})

it('shows as many large squares as there are live models, a hundred at most', () => {
  expect(hundred(3).match(/class="on"/g)).toHaveLength(3)
  expect(hundred(1_000).match(/class="on"/g)).toHaveLength(100)
})

it('escapes what could end an element or an attribute', () => {
  expect(escapeHtml(`<a href="x" title='y'>&`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;',
  )
})
