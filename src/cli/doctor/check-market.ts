import type { ListingAnswer, MeAnswer, ProviderAnswer, StatusAnswer } from '../answers.ts'
import { type MarketClient, reasonOf } from '../client.ts'
import { isResting, mendOf, troubleOf } from '../describe-rest.ts'
import { Failure } from '../failure.ts'
import { findOldRates } from '../old-rates.ts'
import { BAIMO, count, formatTime, UNKNOWN } from '../words.ts'
import { broken, type Check, ok, warning } from './check.ts'

export interface MarketCheckOptions {
  /** Of this command. */
  readonly ownVersion: string
  /** Whether providers may be asked from here: not when offline, nor for a market elsewhere. */
  readonly mayProbe: boolean
}

/** Everything a running market says of itself. */
export async function checkMarket(
  market: MarketClient,
  { ownVersion, mayProbe }: MarketCheckOptions,
): Promise<Check[]> {
  const reach = await checkReach(market)
  if (reach.state === 'broken') return [reach]
  const key = await checkKey(market)
  if (key.state === 'broken') return [reach, key]
  const status = await market.get<StatusAnswer>('/api/status')
  return [
    reach,
    checkVersion(status, ownVersion),
    key,
    checkStatusDatabase(status),
    checkStatusEngine(status),
    checkModels(status),
    ...(await checkListings(market)),
    ...(await checkProviders(market, mayProbe)),
    ...(await checkRates(market)),
  ]
}

async function checkReach(market: MarketClient): Promise<Check> {
  const { url } = market.address
  try {
    await market.send('GET', '/healthz')
    await market.send('GET', '/readyz')
    return ok('market', `${url} is open and ready`)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const isThere = typeof error.facts.status === 'number'
    const found = isThere ? `${url} is not ready` : `${url} does not answer`
    return broken('market', found, isThere ? 'See its log for the reason.' : error.message)
  }
}

async function checkKey(market: MarketClient): Promise<Check> {
  const { key, keySource } = market.address
  if (key === null)
    return broken('key', `no key in ${keySource}`, 'Set BAIMO_KEY to a key of that market.')
  try {
    const me = await market.get<MeAnswer>('/api/me')
    const found = `the key of ${keySource} is good: ${me.role}`
    if (me.organisation?.is_house === true && me.role !== 'member') return ok('key', found)
    return warning('key', found, 'Only an operator sees all parts: use a key of the owner.')
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const mend =
      keySource === 'BAIMO_KEY'
        ? 'Set BAIMO_KEY to a key of that market, or unset it to use the owner’s.'
        : `Stop the market and start it again: "${BAIMO} start" then issues a new owner’s key.`
    return broken('key', `the key of ${keySource} is refused`, mend)
  }
}

function checkVersion(status: StatusAnswer, ownVersion: string): Check {
  const found = `${status.version}, since ${formatTime(status.started_at)}`
  if (status.version === ownVersion) return ok('version', found)
  return warning(
    'version',
    `the market is ${status.version}, this command ${ownVersion}`,
    'Start the market again to bring it to the version that is installed.',
  )
}

function checkStatusDatabase({ database }: StatusAnswer): Check {
  const found = `${database.kind} PostgreSQL ${database.version ?? 'of unknown version'}`
  if (database.ok) return ok('database', `${found} answers`)
  const mend =
    database.kind === 'embedded'
      ? 'It is started again by itself; if not, see pg.log in the home.'
      : 'Check the server that DATABASE_URL names.'
  return broken('database', `${found} does not answer`, mend)
}

function checkStatusEngine({ engine }: StatusAnswer): Check {
  const found = `${engine.state}, ${count(engine.loaded_count, 'model')} in memory, ${engine.queue_length} waiting`
  if (engine.state === 'ready') return ok('engine', found)
  const mend = engine.reason ?? 'Wait a moment and look again.'
  return warning('engine', engine.state, mend)
}

function checkModels({ models }: StatusAnswer): Check {
  const found = `${models.live - models.resting} of ${count(models.all, 'model')} can be asked`
  if (models.live > models.resting) return ok('models', found)
  if (models.live > 0) return broken('models', found, 'All that are on rest: see the lines below.')
  return warning(
    'models',
    found,
    `Add some with "${BAIMO} add", or switch one on: "${BAIMO} models on NAME".`,
  )
}

/** Listings that rest: broken where their model has no other that answers. */
async function checkListings(market: MarketClient): Promise<Check[]> {
  const live = (await market.list<ListingAnswer>('/api/listings')).filter((one) => one.is_live)
  return describeResting(live)
}

export function describeResting(live: readonly ListingAnswer[]): Check[] {
  return live.filter(isResting).map((listing) => {
    const { model, provider, health } = listing
    const others = live.filter((one) => one.model === model && !isResting(one))
    const found = `at ${provider.name ?? UNKNOWN} ${troubleOf(health ?? null) ?? 'rests'}`
    const part = `model ${model ?? UNKNOWN}`
    return others.length === 0
      ? broken(part, found, mendOf(listing))
      : warning(part, `${found}; another listing answers`, mendOf(listing))
  })
}

async function checkProviders(market: MarketClient, mayProbe: boolean): Promise<Check[]> {
  try {
    const all = await market.list<ProviderAnswer>('/api/providers')
    const others = all.filter(({ kind }) => kind !== 'engine')
    return await Promise.all(others.map((one) => checkProvider(one, mayProbe)))
  } catch (error) {
    if (error instanceof Failure && error.facts.status === 403) return [] // the key check says why
    throw error
  }
}

/** Sums by rates of long ago are wrong by what has changed since. */
async function checkRates(market: MarketClient): Promise<Check[]> {
  try {
    const old = await findOldRates(market, Date.now())
    return old === null ? [] : [warning('rates', old.found, old.mend)]
  } catch (error) {
    if (error instanceof Failure && error.facts.status === 403) return [] // the key check says why
    throw error
  }
}

const PROBE_LIMIT_MS = 5_000

/**
 * Asks a provider for its list of models, without its key: whatever it answers, it is there. The
 * market's own list stays as it is.
 */
async function checkProvider(provider: ProviderAnswer, mayProbe: boolean): Promise<Check> {
  const { name, kind, base_url: url, refreshed_at: at, on_count: onCount } = provider
  const part = `provider ${name}`
  const listed = `${kind} at ${url}, ${onCount} on, list of ${formatTime(at)}`
  if (!mayProbe) return ok(part, listed)
  try {
    await fetch(`${url}/models`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_LIMIT_MS),
    })
    return ok(part, `${listed}, answers`)
  } catch (error) {
    const mend = `Start it, check the network, or switch its models off: "${BAIMO} models off NAME".`
    const found = `${listed}, does not answer (${reasonOf(error)})`
    return onCount > 0 ? broken(part, found, mend) : warning(part, found, mend)
  }
}
