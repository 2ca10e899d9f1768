// How long a second start takes, from the process to the line that says it is open.
//   npm run -s bench -- start [--json]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMarket } from '../tests/support/market.ts'
import { median, printReport } from './support/report.ts'

const ROUNDS = 5
const home = mkdtempSync(join(tmpdir(), 'baimo-bench-'))
try {
  const first = await startMarket({ home })
  await first.end('SIGTERM')
  const later: number[] = []
  const afterKill: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const market = await startMarket({ home })
    later.push(market.readyMs)
    await market.kill9()
    const killed = await startMarket({ home })
    afterKill.push(killed.readyMs)
    await killed.end('SIGTERM')
  }
  printReport('start', [
    { what: 'first start, packages installed', value: first.readyMs, unit: 'ms' },
    { what: 'second start, median', value: median(later), unit: 'ms', goal: 2_000 },
    { what: 'start after kill -9, median', value: median(afterKill), unit: 'ms' },
  ])
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
}
