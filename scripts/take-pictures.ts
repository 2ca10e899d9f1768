// Takes the pictures of the README from a fresh market: node scripts/take-pictures.ts
import { join } from 'node:path'
import { packageRoot } from '../src/config.ts'
import { openBrowser } from '../tests/support/browser.ts'
import { startMarket } from '../tests/support/market.ts'

const pictures = [
  { name: 'status-page.png', locale: 'en-GB' },
  { name: 'status-page.zh.png', locale: 'zh-CN' },
] as const

const market = await startMarket({ env: { PORT: '7777' } })
const browser = await openBrowser()
try {
  const headers = {
    authorization: `Bearer ${market.ownerKey}`,
    'content-type': 'application/json',
  }
  for (const { name, locale } of pictures) {
    const answer = await fetch(`${market.url}/api/links`, { method: 'POST', headers, body: '{}' })
    const context = await browser.newContext({
      locale,
      colorScheme: 'light',
      viewport: { width: 1_200, height: 860 },
    })
    const page = await context.newPage()
    await page.goto(((await answer.json()) as { url: string }).url)
    // The home of this market is a folder of the moment; a reader's is `.baimo`.
    await page.evaluate(`for (const block of document.querySelectorAll('pre'))
      block.textContent = block.textContent.replace(/cat \\S+owner.key/, 'cat .baimo/owner.key')`)
    await page.screenshot({ path: join(packageRoot, 'docs', name) })
    await context.close()
    console.log(`docs/${name}`)
  }
} finally {
  await browser.close()
  await market.stop()
}
