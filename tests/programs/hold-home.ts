/**
 * Opens a home and its database, says so, and keeps them until it is told to stop. For tests
 * that kill it: `node tests/programs/hold-home.ts HOME`.
 */
import { silentLog } from '../../src/kernel/index.ts'
import { openHome, openStore } from '../../src/store/index.ts'

try {
  const home = openHome(process.argv[2] ?? '')
  const store = await openStore({ home, databaseUrl: null, log: silentLog, onProgress: () => {} })
  process.on('SIGTERM', async () => {
    await store.close()
    home.close()
    process.exit(0)
  })
  const { rows } = await store.pool.query(
    "select current_setting('data_directory') as data, current_setting('unix_socket_directories') as socket, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit",
  )
  process.stdout.write(`${JSON.stringify({ ready: true, ...rows[0] })}\n`)
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  process.stdout.write(`${JSON.stringify({ ready: false, code, message })}\n`)
  process.exitCode = 1
}
