import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ok, warning, worstOf } from './check.ts'
import { checkHome, checkKeyFiles } from './check-home.ts'
import { checkHouseModels } from './check-house-models.ts'
import { checkClock, checkDisk, checkNode, checkPackages } from './check-machine.ts'
import { checkPort } from './check-port.ts'
import { findPortHolder, listeningInodes } from './find-port-holder.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'baimo-doctor-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

it('takes the worst of what was found', () => {
  expect(worstOf([])).toBe('ok')
  expect(worstOf([ok('a', ''), warning('b', '', '')])).toBe('warning')
})

it('wants Node 26', () => {
  expect(checkNode('26.1.0').state).toBe('ok')
  expect(checkNode('20.19.0')).toMatchObject({ state: 'broken' })
})

it('names packages that are missing or of another version', () => {
  const manifest = { dependencies: { 'no-such-package': '1.0.0' } }
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest))
  expect(checkPackages(home, false)).toMatchObject({
    state: 'broken',
    found: 'no-such-package missing (wanted 1.0.0)',
  })
  expect(checkPackages(join(import.meta.dirname, '..', '..', '..'), true).state).toBe('ok')
})

it('is content with a home that the first start will make', () => {
  expect(checkHome(join(home, 'new')).found).toContain('made by the first start')
  expect(checkKeyFiles(home, null).map(({ state }) => state)).toEqual(['ok', 'ok'])
  expect(checkDisk(join(home, 'new')).state).not.toBe('broken')
})

it('refuses a home that is a file', () => {
  const path = join(home, 'file')
  writeFileSync(path, '')
  expect(checkHome(path).state).toBe('broken')
})

it.skipIf(process.platform === 'win32')('wants keys for their owner alone, and not empty', () => {
  writeFileSync(join(home, 'owner.key'), 'key', { mode: 0o644 })
  writeFileSync(join(home, 'secret.key'), '', { mode: 0o600 })
  const [owner, secret] = checkKeyFiles(home, null)
  expect(owner).toMatchObject({ state: 'broken', mend: expect.stringContaining('chmod 600') })
  expect(secret).toMatchObject({ state: 'broken', found: expect.stringContaining('is empty') })
})

it('notices a clock that went back behind what was written', () => {
  const nowMs = Date.now()
  expect(checkClock(home, nowMs).state).toBe('ok')
  const path = join(home, 'market.json')
  writeFileSync(path, '{}')
  utimesSync(path, nowMs / 1000 + 3600, nowMs / 1000 + 3600)
  expect(checkClock(home, nowMs)).toMatchObject({ state: 'broken', part: 'clock' })
})

it('compares house models with their cards', async () => {
  expect((await checkHouseModels(home)).state).toBe('warning')
})

it('finds who holds a port', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(await checkPort('127.0.0.1', port)).toMatchObject({ state: 'broken', part: 'port' })
  if (process.platform === 'linux') expect(findPortHolder(port)?.pid).toBe(process.pid)
  await new Promise((resolve) => server.close(resolve))
  expect((await checkPort('127.0.0.1', port)).state).toBe('ok')
  expect((await checkPort('127.0.0.1', 0)).state).toBe('ok')
})

it('reads listening sockets out of the table of the system, and no others', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1E61 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
   1: 0100007F:1E61 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1`
  expect(listeningInodes(table, 7777)).toEqual(['4711'])
})
