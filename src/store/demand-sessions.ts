// edge: talks to PostgreSQL
import type pg from 'pg'
import { newId } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { newClient } from './open-pool.ts'

/** A channel of its own: what a pooler may keep of it reaches nobody. */
const CHANNEL = 'baimo_probe'
const LIMIT_MS = 5_000

/**
 * Makes sure that each connection has one of PostgreSQL's to itself, as LISTEN, `set` and limits
 * need it: `client` and a second one, made by `connection`, are compared, and an announcement must
 * arrive. Done before anything else is: it changes nothing, and leaves nothing in a pooler that
 * lends connections out by transaction. Refuses with `store_pooler_unfit`; errors of the connection
 * pass.
 */
export async function demandSessions(
  client: pg.Client,
  connection: pg.ClientConfig,
): Promise<void> {
  const second = newClient({ ...connection, application_name: 'baimo probe' })
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), LIMIT_MS)
  const within = <T>(work: Promise<T>): Promise<T | 'late'> => {
    work.catch(() => {}) // it may fail later, when the refusal is on its way
    return Promise.race([work, late.promise])
  }
  try {
    const pids = await within(backendsOf(client, second))
    if (pids === 'late') throw refuse('store_pooler_unfit', TOO_FEW)
    if (pids[0] === pids[1] || !(await isHeard(client, { second, within })))
      throw refuse('store_pooler_unfit', BY_TRANSACTION)
  } finally {
    clearTimeout(timer)
    second.end().catch(() => {}) // what went wrong is thrown already
  }
}

const BY_TRANSACTION =
  'DATABASE_URL leads through a pooler that lends connections out by transaction: LISTEN is not heard. Give the address of PostgreSQL itself, or of a pooler in session mode.'
const TOO_FEW =
  'DATABASE_URL leads through something that gives no second connection within five seconds. Allow 20 for each Baimo there, or give the address of PostgreSQL itself.'

/** The processes of PostgreSQL that answer them: one and the same, where it is lent out. */
async function backendsOf(client: pg.Client, second: pg.Client): Promise<[number, number]> {
  const pidOf = async (asked: pg.Client): Promise<number> =>
    (await asked.query('select pg_backend_pid() as pid')).rows[0].pid
  await second.connect()
  return [await pidOf(client), await pidOf(second)]
}

/** Whether `client` hears what the second announces. */
async function isHeard(
  client: pg.Client,
  by: {
    readonly second: pg.Client
    readonly within: <T>(work: Promise<T>) => Promise<T | 'late'>
  },
): Promise<boolean> {
  const id = newId()
  const heard = Promise.withResolvers<void>()
  const take = ({ payload }: pg.Notification): void => {
    if (payload === id) heard.resolve()
  }
  client.on('notification', take)
  try {
    const listening = client.query(`listen ${CHANNEL}`)
    if ((await by.within(listening)) === 'late') return false
    const announcing = by.second.query('select pg_notify($1, $2)', [CHANNEL, id])
    if ((await by.within(announcing)) === 'late') return false
    return (await by.within(heard.promise)) !== 'late'
  } finally {
    client.off('notification', take)
    await by.within(client.query(`unlisten ${CHANNEL}`).catch(() => {})) // it ends soon
  }
}
