import { expect, test } from 'vitest'
import {
  renderLockedPage,
  renderStatusPage,
  type StatusFacts,
  type StatusModel,
  shortCount,
} from './status-page.ts'

const offered: StatusModel = {
  name: 'acme/zeta',
  league: 'models',
  providers: ['acme'],
  parametersTotal: null,
  contextTokens: null,
  isLive: false,
  isOff: false,
  rest: null,
}
const live: StatusModel = {
  name: 'baimo/abacus-large',
  league: 'practice',
  providers: ['engine'],
  parametersTotal: 4_213_504,
  contextTokens: 512,
  isLive: true,
  isOff: false,
  rest: null,
}
const facts: StatusFacts = {
  version: '0.1.0',
  url: 'http://127.0.0.1:7777',
  startedAt: new Date('2026-01-02T03:04:05Z'),
  database: { kind: 'embedded', version: '18.4' },
  engine: { kind: 'ready', reason: null, loadedCount: 1, queueLength: 0 },
  models: [offered, live],
  found: [],
  ownerKeyPath: '.baimo/owner.key',
}

test('live models stand before offered ones, and what is not known says so', () => {
  const html = renderStatusPage(facts, 'en')
  expect(html.indexOf('abacus-large')).toBeLessThan(html.indexOf('zeta'))
  expect(html).toContain('One model answers here.')
  expect(html).toContain('4.2 M')
  expect(html).toContain('<span class="unknown">unknown</span>')
})

const rest = {
  restingCount: 1,
  liveCount: 1,
  untilMs: Date.UTC(2026, 0, 2, 3, 4, 9),
  reason: 'upstream_unreachable',
}

test('a model that rests is not said to answer: why, until when, and what to do', () => {
  const html = renderStatusPage({ ...facts, models: [{ ...live, rest }] }, 'en')
  expect(html).toContain('No model answers yet.')
  expect(html).toContain(
    '<td class="state fail">rests: its provider cannot be reached, until 03:04:09 UTC</td>',
  )
  expect(html).toContain('baimo doctor')
  const chinese = renderStatusPage({ ...facts, models: [{ ...live, rest }] }, 'zh')
  expect(chinese).toContain('暂停：无法连接服务商，至 03:04:09 UTC')
})

test('a model of which another listing answers is live, with a word on the one that rests', () => {
  const some = { ...rest, liveCount: 2, untilMs: null }
  const html = renderStatusPage({ ...facts, models: [{ ...live, rest: some }] }, 'en')
  expect(html).toContain('One model answers here.')
  expect(html).toContain(
    '<td class="state wait">live, 1/2 at rest: its provider cannot be reached, is being tried</td>',
  )
})

test('what was switched off is off, and what was never on is offered', () => {
  const models = [offered, { ...offered, name: 'acme/eta', isOff: true }]
  const html = renderStatusPage({ ...facts, models }, 'en')
  expect(html).toContain('<td class="state dim">off</td>')
  expect(html).toContain('<td class="state dim">offered</td>')
})

test('names from outside cannot break out of the page', () => {
  const evil = '<script>alert(1)</script>" onload="x'
  const html = renderStatusPage(
    {
      ...facts,
      engine: { ...facts.engine, kind: 'absent', reason: evil },
      models: [{ ...live, name: `acme/${evil}`, providers: [evil] }],
      found: [{ kind: evil, baseUrl: evil }],
    },
    'en',
  )
  expect(html).not.toContain('<script')
  expect(html).not.toContain('" onload="')
})

test('a market with hundreds of models shows forty and says how many more there are', () => {
  const models = Array.from({ length: 300 }, (_, i) => ({
    ...offered,
    name: `acme/m${i}`,
  }))
  const html = renderStatusPage({ ...facts, models }, 'en')
  expect(html.match(/class="name"/g)).toHaveLength(40)
  expect(html).toContain('260 more')
})

test('a market without models says how to add one', () => {
  const html = renderStatusPage({ ...facts, models: [] }, 'en')
  expect(html).toContain('No model answers yet.')
  expect(html).toContain('baimo add')
  expect(html).not.toContain('curl')
})

test('the page speaks Chinese where the browser prefers it', () => {
  expect(renderStatusPage(facts, 'zh-CN,zh;q=0.9,en;q=0.8')).toContain(
    '市场已开，现有 1 个模型应答。',
  )
  expect(renderStatusPage(facts, 'en-GB,zh;q=0.5')).toContain('The market is open.')
})

test('without a session the page tells how to get a link and nothing of what is inside', () => {
  const html = renderLockedPage('en', { version: '0.1.0', command: 'npx <lion>' })
  expect(html).toContain('>npx &lt;lion&gt; link<')
  expect(html).not.toContain('abacus')
})

test('parameters are written with the two figures people compare by', () => {
  expect([316_096, 1_103_232, 7_615_616_512, 671e9, 950].map(shortCount)).toEqual([
    '0.3 M',
    '1.1 M',
    '7.6 B',
    '671 B',
    '950',
  ])
})
