import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from './support/build.ts'
import { runCommand } from './support/command-line.ts'
import { type Market, startMarket } from './support/market.ts'

const page = readFileSync(join(root, 'docs/operating/leaked-key.md'), 'utf8')

let market: Market
beforeAll(async () => {
  market = await startMarket()
}, 90_000)
afterAll(async () => {
  await market.stop()
  // A market that was given its home leaves it.
  rmSync(market.home, { recursive: true, force: true, maxRetries: 20 })
}, 60_000)

function baimo(args: string, env: Readonly<Record<string, string>> = {}) {
  return runCommand(args.split(' '), { home: market.home, env })
}

/** The commands of the page's blocks, as they stand there. */
function commandsOfPage(): string[] {
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
  return blocks.flatMap((block) => block.trim().split('\n')).map((line) => line.slice(6))
}

async function statusOf(path: string, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` }
  return (await fetch(market.url + path, { headers })).status
}

it('ends a leaked key with all it made, by the commands of the page', async () => {
  const leaked = (await baimo('keys create app --scope all')).out.trim()
  const asThief = { BAIMO_KEY: leaked }
  const theirs = (await baimo('keys create back-door --scope all', asThief)).out.trim()
  const own = JSON.parse((await baimo('link --json', asThief)).out).url
  const added = JSON.parse((await baimo('people add Stranger --role owner --json', asThief)).out)
  const entered = await fetch(own, { redirect: 'manual' })
  const cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const headers = { cookie }
  expect((await fetch(`${market.url}/api/me`, { headers })).status).toBe(200)

  const commands = commandsOfPage()
  expect(commands).toHaveLength(7)
  const [list = '', revoke = '', revokeOwner = '', ...others] = commands
  const listed = await baimo(list)
  expect(listed.out).toMatch(/back-door .* Owner with app/)
  expect(listed.out).toMatch(/owner\.key .* start of .*:\//)
  const asked = await baimo(revoke)
  expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('1 key (back-door)') })
  const done = await baimo(`${revoke} --yes`)
  expect(done).toMatchObject({
    code: 0,
    out: expect.stringContaining(
      'Ended with it: 1 key (back-door), 1 person (Stranger), 1 open session, 1 unused link.',
    ),
  })
  expect(await statusOf('/api/me', leaked)).toBe(401)
  expect(await statusOf('/api/me', theirs)).toBe(401)
  expect((await fetch(`${market.url}/api/me`, { headers })).status).toBe(401)
  expect((await fetch(added.link.url, { redirect: 'manual' })).status).toBe(404)

  for (const command of others) expect(await baimo(command)).toMatchObject({ code: 0 })
  const app = (await baimo('keys create later --requests-per-minute 60')).out.trim()
  expect(await statusOf('/v1/models', app)).toBe(200)
  expect(await statusOf('/api/keys', app)).toBe(403)
  const limits = await baimo('limits', { BAIMO_KEY: app })
  expect(limits).toMatchObject({ code: 0, out: expect.stringMatching(/0 of 60/) })

  expect(await baimo(revokeOwner.replace(' --yes', ''))).toMatchObject({
    code: 2,
    err: expect.stringContaining('This command itself uses the key'),
  })
  expect(await baimo(revokeOwner)).toMatchObject({ code: 0 })
  expect(await statusOf('/v1/models', app)).toBe(401)
  const { home } = market
  await market.end('SIGTERM')
  market = await startMarket({ home })
  expect(await statusOf('/api/me', market.ownerKey)).toBe(200)
}, 120_000)
