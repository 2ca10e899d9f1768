import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hearComplaints, openBrowser } from './support/browser.ts'
import { type Market, startMarket } from './support/market.ts'

let market: Market
let browser: Browser

beforeAll(async () => {
  market = await startMarket()
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await market.stop()
})

async function newLink(): Promise<string> {
  const answer = await fetch(`${market.url}/api/links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${market.ownerKey}`, 'content-type': 'application/json' },
    body: '{}',
  })
  return ((await answer.json()) as { url: string }).url
}

test('a stranger reads how to get in, and nothing of what is inside', async () => {
  const page = await browser.newPage()
  const complaints = hearComplaints(page)
  await page.goto(market.url)
  expect(await page.locator('h1').textContent()).toContain('owner link')
  expect(await page.locator('pre').textContent()).toBe('baimo link')
  expect(await page.content()).not.toContain('abacus')
  expect(complaints).toEqual([])
  await page.close()
})

test.each([
  { locale: 'en-GB', width: 1_440, colorScheme: 'light', says: 'The market is open.' },
  { locale: 'zh-CN', width: 390, colorScheme: 'dark', says: '市场已开' },
] as const)('the owner link opens the page: $locale, $colorScheme, $width px', async (look) => {
  const context = await browser.newContext({
    locale: look.locale,
    colorScheme: look.colorScheme,
    viewport: { width: look.width, height: 900 },
  })
  const page = await context.newPage()
  const complaints = hearComplaints(page)
  await page.goto(await newLink())
  expect(new URL(page.url()).pathname).toBe('/')
  expect(await page.locator('h1').textContent()).toContain(look.says)
  expect(await page.locator('.models .name').allInnerTexts()).toContain('baimo/abacus-small')
  const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
  expect(ground).toBe(look.colorScheme === 'dark' ? 'rgb(19, 22, 21)' : 'rgb(251, 251, 249)')
  // Nothing sticks out at the side: only the wide table scrolls, within itself.
  const overflow = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  expect(overflow).toBe(0)
  // Whether a model answers is seen beside its name, however narrow the page.
  const name = await page.locator('.models .name').first().boundingBox()
  const state = await page.locator('.models .state').first().boundingBox()
  expect((state?.x ?? 0) + (state?.width ?? 0)).toBeLessThanOrEqual(look.width)
  expect(Math.abs((state?.y ?? 0) - (name?.y ?? 99))).toBeLessThan(8)
  expect(complaints).toEqual([])
  await context.close()
})
