import { z } from 'zod'
import { isJsonObject, type Json, type JsonObject } from '../kernel/index.ts'
import type { ProviderSettings, Resilience, ResilienceSettings } from './types.ts'

/** What counts where the owner set nothing. */
export const DEFAULT_RESILIENCE: Resilience = {
  connectTimeoutMs: 5_000,
  firstByteTimeoutMs: 600_000,
  idleTimeoutMs: 300_000,
  retries: 2,
  fallsBack: true,
  hasBreaker: true,
  keepAliveMs: 15_000,
}

/** Connections to one provider at a time, by one process, where the owner set nothing. */
export const DEFAULT_MAX_CONNECTIONS = 64

const waitMs = z.int().min(100).max(3_600_000)

/** What each setting may be; what follows from the names is the same on the wire and in a row. */
const VALUES = {
  connect_timeout_ms: waitMs,
  first_byte_timeout_ms: waitMs,
  idle_timeout_ms: waitMs,
  retries: z.int().min(0).max(10),
  falls_back: z.boolean(),
  has_breaker: z.boolean(),
  /** 0: none is sent. */
  keep_alive_ms: z.union([z.literal(0), z.int().min(1_000).max(300_000)]),
}
const MAX_CONNECTIONS = { max_connections: z.int().min(1).max(10_000) }
const PROVIDER_VALUES = { ...VALUES, ...MAX_CONNECTIONS }

const FIELDS = {
  connect_timeout_ms: 'connectTimeoutMs',
  first_byte_timeout_ms: 'firstByteTimeoutMs',
  idle_timeout_ms: 'idleTimeoutMs',
  retries: 'retries',
  falls_back: 'fallsBack',
  has_breaker: 'hasBreaker',
  keep_alive_ms: 'keepAliveMs',
  max_connections: 'maxConnections',
} as const satisfies Record<keyof typeof PROVIDER_VALUES, keyof ProviderSettings>

function changeOf<T extends z.ZodRawShape>(values: T) {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    (value as z.ZodType).nullable().optional(),
  ])
  return z.strictObject(
    Object.fromEntries(entries) as {
      [Name in keyof T]: z.ZodOptional<z.ZodNullable<T[Name] extends z.ZodType ? T[Name] : never>>
    },
  )
}

/** A change of a listing's settings: null puts one back to what counts without it. */
export const listingResilience = changeOf(VALUES)
export const providerResilience = changeOf(PROVIDER_VALUES)

/** How they are answered: what is set, and what counts. */
export const listingResilienceAnswer = z.object({
  set: z.object(VALUES).partial(),
  in_force: z.object(VALUES),
})
export const providerResilienceAnswer = z.object({
  set: z.object(PROVIDER_VALUES).partial(),
  in_force: z.object(PROVIDER_VALUES),
})

/** As the API says it: a member left out stays, null puts it back. */
export type ResilienceChange = z.output<typeof providerResilience>

/** What is in force for a listing: set for it, else for its provider, else the default. */
export function resilienceOf(provider: ProviderSettings, listing: ResilienceSettings): Resilience {
  const { maxConnections: _ofTheLane, ...set } = provider
  return { ...DEFAULT_RESILIENCE, ...set, ...listing }
}

/** Settings after a change. */
export function changeSettings(
  settings: ProviderSettings,
  change: ResilienceChange,
): ProviderSettings {
  const row: Record<string, Json> = { ...settingsRow(settings) }
  for (const [name, value] of Object.entries(change)) if (value !== undefined) row[name] = value
  return readSettings(row) // null is no value of any of them
}

/** Settings as a row keeps them and as the API answers them. */
export function settingsRow(settings: ProviderSettings): JsonObject {
  const row: Record<string, Json> = {}
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = settings[field]
    if (value !== undefined) row[name] = value
  }
  return row
}

/** What a row keeps. What another release wrote and this one does not know is left out. */
export function readSettings(row: Json | undefined): ProviderSettings {
  if (!isJsonObject(row)) return {}
  const settings: Record<string, Json> = {}
  for (const [name, field] of Object.entries(FIELDS)) {
    const read = PROVIDER_VALUES[name as keyof typeof FIELDS].safeParse(row[name])
    if (read.success) settings[field] = read.data
  }
  return settings as ProviderSettings
}

export function shapeListingResilience(
  provider: ProviderSettings,
  listing: ResilienceSettings,
): JsonObject {
  return { set: settingsRow(listing), in_force: settingsRow(resilienceOf(provider, listing)) }
}

export function shapeProviderResilience(settings: ProviderSettings): JsonObject {
  const inForce = { ...resilienceOf(settings, {}), maxConnections: DEFAULT_MAX_CONNECTIONS }
  return {
    set: settingsRow(settings),
    in_force: settingsRow({ ...inForce, ...settings }),
  }
}
