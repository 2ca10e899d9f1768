import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../tests/support/engine.ts'
import { silentLog, systemClock } from '../kernel/index.ts'
import { Supervisor } from './supervise-child.ts'

const folder = mkdtempSync(join(tmpdir(), 'baimo-supervisor-'))
let supervisor: Supervisor
afterEach(async () => {
  await supervisor.close()
  rmSync(folder, { recursive: true })
})

test('a child that ends again and again is started later each time, and the state says so', async () => {
  const childPath = join(folder, 'child.ts')
  writeFileSync(childPath, 'process.exit(3)')
  supervisor = new Supervisor({
    childPath,
    spareHomeFolder: folder,
    configure: () => ({ kind: 'close' }),
    log: silentLog,
    clock: systemClock,
    onLoadCrash: () => {},
  })
  const waits: string[] = []
  for (let restart = 1; restart <= 4; restart += 1) {
    await until(() => supervisor.state().restarts === restart)
    waits.push(supervisor.state().reason ?? '')
    expect(supervisor.state()).toMatchObject({ kind: 'restarting', pid: null })
  }
  expect(waits.map((reason) => / in ([\d.]+) s\.$/.exec(reason)?.[1])).toEqual([
    '0.2',
    '0.4',
    '0.8',
    '1.6',
  ])
  expect(waits[3]).toContain('exit code 3')
  expect(waits[3]).toContain('4 times one after another')
})
