import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { isJsonObject, parseJson } from '../kernel/index.ts'
import { EXIT, Failure } from './failure.ts'
import { BAIMO } from './words.ts'

/** Where a market answers and with what key. */
export interface MarketAddress {
  /** Without a trailing slash. */
  readonly url: string
  readonly urlSource: 'BAIMO_URL' | 'home'
  /** Null: none was found; the market will say that it needs one. */
  readonly key: string | null
  /** Where the key came from, for a message about it; never the key. */
  readonly keySource: string
}

/** What `market.json` says of the market of a home. */
export type HomeMarket =
  | { readonly kind: 'running'; readonly url: string; readonly pid: number }
  /** It was there, but its process is gone. */
  | { readonly kind: 'gone'; readonly url: string; readonly pid: number }
  | { readonly kind: 'none' }

/** The market that runs on this home, by the note it leaves there. */
export function readHomeMarket(home: string): HomeMarket {
  const path = join(home, 'market.json')
  const note = existsSync(path) ? parseJson(readFileSync(path, 'utf8')) : undefined
  if (!isJsonObject(note) || typeof note.url !== 'string' || typeof note.pid !== 'number')
    return { kind: 'none' }
  const { url, pid } = note
  return { kind: isAlive(pid) ? 'running' : 'gone', url: url.replace(/\/+$/, ''), pid }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** BAIMO_URL and BAIMO_KEY, else the market of the home and its owner's key. */
export function findMarket(config: Config): MarketAddress {
  const url = config.remoteUrl ?? urlOfHome(config.home)
  checkUrl(url)
  const found = findKey(config)
  if (found.key !== null && !/^[\x21-\x7e]+$/.test(found.key))
    throw new Failure(`What ${found.keySource} holds is no key: a key is one word.`, {
      facts: { code: 'cli_key_invalid' },
    })
  return { url, urlSource: config.remoteUrl === null ? 'home' : 'BAIMO_URL', ...found }
}

/** Names no more of the address than is harmless: people write passwords into them. */
function checkUrl(url: string): void {
  const parsed = URL.parse(url)
  const given = { exitCode: EXIT.usage, facts: { code: 'cli_url_invalid' } }
  if (parsed !== null && (parsed.username !== '' || parsed.password !== ''))
    throw new Failure(
      'BAIMO_URL holds a user or a password. Leave them out: a market is opened by a key, in BAIMO_KEY.',
      given,
    )
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return
  const shown = hidePassword(url)
  throw new Failure(
    `BAIMO_URL must be an address like http://127.0.0.1:7777, not "${shown}".`,
    given,
  )
}

/** `http://user:word@host` → `http://…@host`, whether it is an address or not. */
export function hidePassword(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/*)?.*@/is, '$1…@')
}

function urlOfHome(home: string): string {
  const market = readHomeMarket(home)
  if (market.kind === 'running') return market.url
  const was =
    market.kind === 'gone' ? `The market of ${home} has ended` : `No market runs on ${home}`
  throw new Failure(
    `${was}. Start it with "${BAIMO} start" (in a checkout "npm start"), or set BAIMO_URL to one that runs elsewhere.`,
    { facts: { code: 'cli_no_market' } },
  )
}

function findKey(config: Config): Pick<MarketAddress, 'key' | 'keySource'> {
  if (config.remoteKey !== null) return { key: config.remoteKey, keySource: 'BAIMO_KEY' }
  const path = join(config.home, 'owner.key')
  if (!existsSync(path)) return { key: null, keySource: path }
  return { key: readFileSync(path, 'utf8').trim() || null, keySource: path }
}
