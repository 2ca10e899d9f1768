import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config.ts'
import { Refusal, silentLog } from '../../kernel/index.ts'
import { BAIMO, count } from '../words.ts'
import { broken, type Check, ok, warning } from './check.ts'

/** Opens the database of a home on which no market runs, and closes it unchanged. */
export async function checkDatabase(config: Config): Promise<Check> {
  const { home, databaseUrl } = config
  if (databaseUrl === null && !existsSync(join(home, 'pg', 'PG_VERSION')))
    return ok('database', 'made by the first start')
  // Loaded here alone: it brings the database's client.
  const { inspectDatabase, openHome } = await import('../../store/index.ts')
  try {
    const opened = openHome(home)
    try {
      const quiet = { log: silentLog, onProgress: () => {} }
      const { serverVersion, pending } = await inspectDatabase({
        ...quiet,
        home: opened,
        databaseUrl,
      })
      const found = `PostgreSQL ${serverVersion} opens`
      if (pending.length === 0) return ok('database', `${found}, its schema is up to date`)
      const left = `${count(pending.length, 'migration')} to apply`
      return warning('database', `${found}, ${left}`, `The next "${BAIMO} start" applies them.`)
    } finally {
      opened.close()
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'store_home_in_use')
      return warning('database', 'in use by a market that is not open yet', error.message)
    return broken('database', 'it does not open', error.message)
  }
}
