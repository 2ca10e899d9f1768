import type { Command } from 'commander'
import type { Json, JsonObject } from '../kernel/index.ts'
import type { ResilienceAnswer } from './answers.ts'
import { usageFailure } from './failure.ts'
import { readSeveral, readWhole } from './read-options.ts'
import { formatSpan, readSpan } from './read-span.ts'

/** What can be set of a listing or a provider for the case that it is slow or fails. */
export interface ResilienceOptions {
  readonly retries?: number
  readonly fallback?: boolean
  readonly breaker?: boolean
  readonly connectTimeout?: number
  readonly firstByteTimeout?: number
  readonly idleTimeout?: number
  /** False: none is sent. */
  readonly keepAlive?: number | false
  readonly maxConnections?: number
  /** Settings by the names of their options. */
  readonly unset?: readonly string[]
}

/** The names of the options, and what the API calls them. */
const SETTINGS = {
  retries: 'retries',
  fallback: 'falls_back',
  breaker: 'has_breaker',
  'connect-timeout': 'connect_timeout_ms',
  'first-byte-timeout': 'first_byte_timeout_ms',
  'idle-timeout': 'idle_timeout_ms',
  'keep-alive': 'keep_alive_ms',
  'max-connections': 'max_connections',
} as const
type SettingName = keyof typeof SETTINGS

const waitSpan = readSpan(100, 3_600_000)

export function withResilience(command: Command): Command {
  return command
    .option('--retries <count>', 'how often it is asked again when it fails', readWhole(0, 10))
    .option('--fallback', 'let another listing of the model answer when this one fails')
    .option('--no-fallback', 'let no other answer')
    .option('--breaker', 'leave it alone for a while after it failed again and again')
    .option('--no-breaker', 'ask it whatever happened')
    .option('--connect-timeout <span>', 'longest wait for a connection, such as 5s', waitSpan)
    .option('--first-byte-timeout <span>', 'longest wait for the first byte', waitSpan)
    .option('--idle-timeout <span>', 'longest silence within an answer', waitSpan)
    .option(
      '--keep-alive <span>',
      'silence of a stream after which its client gets a comment',
      readSpan(1_000, 300_000),
    )
    .option('--no-keep-alive', 'send no such comments')
    .option(
      '--unset <setting>',
      'put the default back, such as retries or idle-timeout; several times or with commas',
      readSeveral,
    )
}

/** A provider has a bound of its own besides. */
export function withMaxConnections(command: Command): Command {
  return command.option(
    '--max-connections <count>',
    'connections to it at a time; more requests wait',
    readWhole(1, 10_000),
  )
}

/** The change as the API takes it; null: no option was given. Fails on a setting nobody knows. */
export function composeResilience(options: ResilienceOptions): JsonObject | null {
  const change: Record<string, Json> = {}
  const back = (options.unset ?? []).map((name) => settingOf(name))
  for (const setting of back) change[setting] = null
  const given: Record<SettingName, Json | undefined> = {
    retries: options.retries,
    fallback: options.fallback,
    breaker: options.breaker,
    'connect-timeout': options.connectTimeout,
    'first-byte-timeout': options.firstByteTimeout,
    'idle-timeout': options.idleTimeout,
    'keep-alive': options.keepAlive === false ? 0 : options.keepAlive,
    'max-connections': options.maxConnections,
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const setting = settingOf(name)
    if (back.includes(setting))
      throw usageFailure(`Give ${name} a value or put its default back (--unset), not both.`)
    change[setting] = value
  }
  return Object.keys(change).length === 0 ? null : change
}

function settingOf(name: string): string {
  const bare = name.replace(/^--(no-)?/, '')
  if (Object.hasOwn(SETTINGS, bare)) return SETTINGS[bare as SettingName]
  throw usageFailure(
    `There is no setting "${name}" to put back: ${Object.keys(SETTINGS).join(', ')}.`,
  )
}

/** Every setting that counts, a line each: `retries  0`, and what it would be without being set. */
export function describeResilience(resilience: ResilienceAnswer): readonly (readonly string[])[] {
  return Object.entries(SETTINGS).flatMap(([name, field]) => {
    const value = resilience.in_force[field]
    if (value === undefined) return []
    return [[name, formatSetting(field, value), field in resilience.set ? 'set' : '']]
  })
}

/** What is set, in a few words: `retries 0, fallback off`; null: nothing is. */
export function summariseResilience(resilience: ResilienceAnswer): string | null {
  const set = describeResilience(resilience).filter(([, , isSet]) => isSet !== '')
  return set.map(([name, value]) => `${name} ${value}`).join(', ') || null
}

function formatSetting(field: string, value: number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (!field.endsWith('_ms')) return String(value)
  return value === 0 ? 'off' : formatSpan(value)
}
