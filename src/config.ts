import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineErrors, refusalsOf } from './kernel/index.ts'

export const configErrors = defineErrors({
  config_value_invalid: {
    kind: 'invalid',
    title: 'A setting in the environment has a value that cannot be used.',
    isRetryable: false,
  },
})
const refuse = refusalsOf(configErrors)

/** Everything that can be set. Only this file reads the environment. */
export interface Config {
  /** 0: any free port. */
  readonly port: number
  readonly host: string
  /** Absolute. */
  readonly home: string
  /** Null: the embedded PostgreSQL. Secret: it may hold a password. */
  readonly databaseUrl: string | null
  /** No outgoing request but to listings that are switched on. */
  readonly isOffline: boolean
  /** Absolute; null: `secret.key` in the home. */
  readonly secretFile: string | null
  /** Null: only the owner's key opens /metrics. Secret. */
  readonly scrapeToken: string | null
  /** Bytes the engine may hold models in; null: half of the memory. */
  readonly engineMemoryBytes: number | null
  /** Where node-llama-cpp is installed. */
  readonly engineFolder: string
  /** Null: one less than the machine has. */
  readonly engineThreads: number | null
  /** Room on the embedded database's disk below which nothing is written; 0: not looked at. */
  readonly diskReserveBytes: number
  /** How long running answers may go on after a stop was asked for. */
  readonly stopMs: number
  /** How long requests are still taken after SIGTERM, so that balancers can turn away. */
  readonly drainMs: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where the command line finds a market that runs elsewhere; null: the one of this home. */
  readonly remoteUrl: string | null
  /** The key the command line uses there; null: the owner's. Secret. */
  readonly remoteKey: string | null
  /** Where people reach the market, such as by a proxy; without a path. Null: where it listens. */
  readonly publicUrl: string | null
  /** Names a client may use in its Host header besides the loopback ones and `host`. */
  readonly hostNames: readonly string[]
  /** Where models are downloaded from, by the names that the hubs' own tools use. */
  readonly hubs: Readonly<Record<'hf' | 'ms', HubConfig>>
  /** Hosts that a hub may send to, besides those it is known for; they may be inside. */
  readonly hubHosts: readonly string[]
}

export interface HubConfig {
  /** Without a slash at its end; null: the hub's own. */
  readonly endpoint: string | null
  /** Secret. */
  readonly token: string | null
}

/** One setting, for `baimo config` and the docs. */
export interface Setting {
  readonly name: string
  readonly meaning: string
  /** What counts when it is not set, in words. */
  readonly fallback: string
  readonly isSecret: boolean
}

const DEFAULT_DISK_RESERVE_BYTES = 64 * 1024 * 1024

export const settings: readonly Setting[] = [
  {
    name: 'PORT',
    meaning: 'Port to listen on; 0 takes any free one',
    fallback: '7777',
    isSecret: false,
  },
  { name: 'HOST', meaning: 'Address to listen on', fallback: '127.0.0.1', isSecret: false },
  {
    name: 'BAIMO_HOME',
    meaning: 'Folder for database, keys and uploads',
    fallback: './.baimo in a checkout, else the user’s data folder',
    isSecret: false,
  },
  {
    name: 'DATABASE_URL',
    meaning: 'Your own PostgreSQL, 15 or later',
    fallback: 'the embedded one',
    isSecret: true,
  },
  {
    name: 'BAIMO_OFFLINE',
    meaning: '1: no outgoing request but to listings that are switched on',
    fallback: '0',
    isSecret: false,
  },
  {
    name: 'BAIMO_SECRET_FILE',
    meaning: 'File of the key that encrypts secrets at rest',
    fallback: 'secret.key in the home',
    isSecret: false,
  },
  {
    name: 'BAIMO_SCRAPE_TOKEN',
    meaning: 'Bearer token that may read /metrics and nothing else',
    fallback: 'none',
    isSecret: true,
  },
  {
    name: 'BAIMO_ENGINE_MEMORY_MB',
    meaning: 'Memory the engine may hold models in, in MB',
    fallback: 'half of the machine’s',
    isSecret: false,
  },
  {
    name: 'BAIMO_ENGINE_FOLDER',
    meaning: 'Folder that the engine is installed in',
    fallback: 'where the first start installed it',
    isSecret: false,
  },
  {
    name: 'BAIMO_ENGINE_THREADS',
    meaning: 'Threads the engine computes with',
    fallback: 'one less than the machine has',
    isSecret: false,
  },
  {
    name: 'BAIMO_DISK_RESERVE_MB',
    meaning: 'Room on the home’s disk below which nothing is written, in MB; 0: not looked at',
    fallback: '64',
    isSecret: false,
  },
  {
    name: 'BAIMO_STOP_SECONDS',
    meaning: 'How long running answers may go on after a stop was asked for, in seconds',
    fallback: '30',
    isSecret: false,
  },
  {
    name: 'BAIMO_DRAIN_SECONDS',
    meaning: 'How long /readyz says 503 after SIGTERM before requests are refused, in seconds',
    fallback: '0',
    isSecret: false,
  },
  {
    name: 'BAIMO_LOG',
    meaning: 'debug, info, warn, error or silent',
    fallback: 'warn on a terminal, else info',
    isSecret: false,
  },
  {
    name: 'BAIMO_URL',
    meaning: 'Market that the command line talks to',
    fallback: 'the one running on this home',
    isSecret: false,
  },
  {
    name: 'BAIMO_KEY',
    meaning: 'Key that the command line uses',
    fallback: 'owner.key in the home',
    isSecret: true,
  },
  {
    name: 'BAIMO_PUBLIC_URL',
    meaning: 'Address that people reach it by: for links, Secure cookies and its host name',
    fallback: 'where it listens',
    isSecret: false,
  },
  {
    name: 'BAIMO_HOST_NAMES',
    meaning: 'Names that clients may reach it by, with commas',
    fallback: 'localhost',
    isSecret: false,
  },
  {
    name: 'HF_ENDPOINT',
    meaning: 'Mirror of Hugging Face to download models from; it may be on your network',
    fallback: 'https://huggingface.co',
    isSecret: false,
  },
  {
    name: 'HF_TOKEN',
    meaning: 'Token for models that Hugging Face does not show to everybody',
    fallback: 'none',
    isSecret: true,
  },
  {
    name: 'MODELSCOPE_ENDPOINT',
    meaning: 'Mirror of ModelScope to download models from; it may be on your network',
    fallback: 'https://www.modelscope.cn',
    isSecret: false,
  },
  {
    name: 'MODELSCOPE_API_TOKEN',
    meaning: 'Token for models that ModelScope does not show to everybody',
    fallback: 'none',
    isSecret: true,
  },
  {
    name: 'BAIMO_HUB_HOSTS',
    meaning:
      'More hosts that hubs may send to for files, also on your network; commas, *.name: all below',
    fallback: 'those the hubs are known for',
    isSecret: false,
  },
]

export type Environment = Readonly<Record<string, string | undefined>>

/** The folder of the package: what it ships lies below. */
export const packageRoot = findPackageRoot()

function findPackageRoot(): string {
  // Both src/config.ts and the bundle build/cli.js are one folder below the root.
  return dirname(dirname(fileURLToPath(import.meta.url)))
}

/** How people call the program here, as what started it knows: `baimo`, `npx …`. */
export const commandName = process.env.BAIMO_COMMAND || 'baimo'

/** The process's own environment: nobody else reads it. */
export function processEnvironment(): Environment {
  return process.env
}

/**
 * Reads the settings. An empty value counts as not set.
 * Refuses with `config_value_invalid`, naming the setting and what it takes.
 */
export function readConfig(env: Environment): Config {
  const text = (name: string): string | null => env[name]?.trim() || null
  return {
    port: whole(env, 'PORT', { least: 0, most: 65_535 }) ?? 7777,
    host: text('HOST') ?? '127.0.0.1',
    home: resolve(text('BAIMO_HOME') ?? defaultHome(env)),
    databaseUrl: databaseUrl(text('DATABASE_URL')),
    isOffline: flag(env, 'BAIMO_OFFLINE'),
    secretFile: absolute(text('BAIMO_SECRET_FILE')),
    scrapeToken: scrapeToken(text('BAIMO_SCRAPE_TOKEN')),
    engineMemoryBytes: megabytes(
      whole(env, 'BAIMO_ENGINE_MEMORY_MB', { least: 64, most: 4_000_000 }),
    ),
    engineFolder: absolute(text('BAIMO_ENGINE_FOLDER')) ?? join(packageRoot, 'engine'),
    engineThreads: whole(env, 'BAIMO_ENGINE_THREADS', { least: 1, most: 256 }),
    diskReserveBytes:
      megabytes(whole(env, 'BAIMO_DISK_RESERVE_MB', { least: 0, most: 1_000_000 })) ??
      DEFAULT_DISK_RESERVE_BYTES,
    stopMs: (whole(env, 'BAIMO_STOP_SECONDS', { least: 0, most: 3_600 }) ?? 30) * 1_000,
    drainMs: (whole(env, 'BAIMO_DRAIN_SECONDS', { least: 0, most: 600 }) ?? 0) * 1_000,
    logLevel: logLevel(text('BAIMO_LOG')),
    remoteUrl: text('BAIMO_URL')?.replace(/\/+$/, '') ?? null,
    remoteKey: text('BAIMO_KEY'),
    publicUrl: publicUrl(text('BAIMO_PUBLIC_URL')),
    hostNames: words(text('BAIMO_HOST_NAMES')),
    hubs: {
      hf: hub(text, 'HF_ENDPOINT', 'HF_TOKEN'),
      ms: hub(text, 'MODELSCOPE_ENDPOINT', 'MODELSCOPE_API_TOKEN'),
    },
    hubHosts: words(text('BAIMO_HUB_HOSTS')),
  }
}

function whole(
  env: Environment,
  name: string,
  bounds: { least: number; most: number },
): number | null {
  const value = env[name]?.trim()
  if (value === undefined || value === '') return null
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= bounds.least && number <= bounds.most) return number
  throw refuse(
    'config_value_invalid',
    `${name} must be a whole number from ${bounds.least} to ${bounds.most}, not "${value}".`,
  )
}

function megabytes(count: number | null): number | null {
  return count === null ? null : count * 1024 * 1024
}

function flag(env: Environment, name: string): boolean {
  const value = env[name]?.trim().toLowerCase() ?? ''
  if (['', '0', 'false', 'no'].includes(value)) return false
  if (['1', 'true', 'yes'].includes(value)) return true
  throw refuse('config_value_invalid', `${name} must be 1 or 0, not "${value}".`)
}

function absolute(path: string | null): string | null {
  return path === null ? null : resolve(path)
}

function databaseUrl(value: string | null): string | null {
  if (value === null || /^postgres(ql)?:\/\//.test(value)) return value
  // The value is not shown: it may hold a password.
  throw refuse('config_value_invalid', 'DATABASE_URL must begin with postgres:// or postgresql://.')
}

/** Only scheme, host and port: routes and cookies are made for the root. */
function publicUrl(value: string | null): string | null {
  if (value === null) return null
  const url = URL.canParse(value) ? new URL(value) : null
  const isPlain = url !== null && `${url.origin}/` === url.href && /^https?:$/.test(url.protocol)
  if (isPlain) return url.origin
  throw refuse(
    'config_value_invalid',
    'BAIMO_PUBLIC_URL must be like https://market.example.org, without a path.',
  )
}

function words(value: string | null): string[] {
  return (value ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
}

/** An endpoint may have a path: some mirrors lie below one. */
function hub(
  text: (name: string) => string | null,
  endpointName: string,
  tokenName: string,
): HubConfig {
  const endpoint = hubEndpoint(text(endpointName), endpointName)
  const token = text(tokenName)
  if (token === null || /^[\x21-\x7e]+$/.test(token)) return { endpoint, token }
  throw refuse('config_value_invalid', `${tokenName} must be one word, as the hub gave it.`)
}

function hubEndpoint(value: string | null, name: string): string | null {
  if (value === null) return null
  const url = URL.canParse(value) ? new URL(value) : null
  const isPlain = url !== null && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '')
  throw refuse('config_value_invalid', `${name} must be an address like https://hub.example.org.`)
}

function scrapeToken(value: string | null): string | null {
  if (value === null || value.length >= 16) return value
  throw refuse('config_value_invalid', 'BAIMO_SCRAPE_TOKEN must have at least 16 characters.')
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

function logLevel(value: string | null): Config['logLevel'] {
  if (value === null) return process.stderr.isTTY ? 'warn' : 'info'
  const level = LOG_LEVELS.find((known) => known === value.toLowerCase())
  if (level !== undefined) return level
  throw refuse('config_value_invalid', `BAIMO_LOG must be one of ${LOG_LEVELS.join(', ')}.`)
}

/** In a checkout its own `.baimo`; for an installed package where the system keeps such data. */
function defaultHome(env: Environment): string {
  if (!packageRoot.split(/[\\/]/).includes('node_modules')) return join(packageRoot, '.baimo')
  if (process.platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Baimo')
  }
  if (process.platform === 'darwin')
    return join(homedir(), 'Library', 'Application Support', 'Baimo')
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'baimo')
}
