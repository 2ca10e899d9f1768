import type { MeAnswer, ProviderAnswer, StatusAnswer } from '../answers.ts'
import type { MarketClient } from '../client.ts'
import { Failure } from '../failure.ts'
import { BAIMO, count, formatTime } from '../words.ts'
import { broken, type Check, ok, warning } from './check.ts'

/** Everything a running market says of itself. */
export async function checkMarket(market: MarketClient, ownVersion: string): Promise<Check[]> {
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
    ...(await checkProviders(market)),
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
    const isThere = error.facts.code !== 'cli_market_unreachable'
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
  const found = `${count(models.all, 'model')}, ${models.live} of them take traffic`
  if (models.live > 0) return ok('models', found)
  return warning(
    'models',
    found,
    `Add some with "${BAIMO} add", or switch one on: "${BAIMO} models on NAME".`,
  )
}

/** Each provider as the market last saw it. Nothing is sent to a provider for this. */
async function checkProviders(market: MarketClient): Promise<Check[]> {
  try {
    const providers = await market.list<ProviderAnswer>('/api/providers')
    return providers.filter(({ kind }) => kind !== 'engine').map(describeProvider)
  } catch (error) {
    if (error instanceof Failure && error.facts.status === 403) return [] // the key check says why
    throw error
  }
}

function describeProvider({ name, kind, base_url: url, refreshed_at: at }: ProviderAnswer): Check {
  return ok(`provider ${name}`, `${kind} at ${url}, list of ${formatTime(at)}`)
}
