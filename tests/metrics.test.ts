import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/build.ts'
import { startMarket } from './support/market.ts'

const page = readFileSync(join(root, 'docs', 'operating', 'metrics.md'), 'utf8')

test('the page of metrics lists what /metrics serves, each with its kind, and no other', async () => {
  const market = await startMarket()
  const answer = await fetch(`${market.url}/metrics`, {
    headers: { authorization: `Bearer ${market.ownerKey}` },
  })
  const text = await answer.text()
  await market.stop()
  const served = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind])
  const listed = [...page.matchAll(/^\| `(baimo_\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => [
    name,
    kind,
  ])
  expect(listed.toSorted()).toEqual(served.toSorted())
}, 60_000)

test('the alerts that are suggested ask for metrics that there are', () => {
  const [table = '', alerts = ''] = page.split('## Alerts we suggest')
  const known = [...table.matchAll(/^\| `(baimo_\w+)`/gm)].map(([, name]) => name)
  const asked = [...alerts.matchAll(/\bbaimo_[a-z_]+/g)].map(([name]) => name)
  expect(asked.length).toBeGreaterThan(5)
  for (const name of asked) expect(known).toContain(name.replace(/_bucket$/, ''))
})
