import { connect } from 'node:net'
import { openBaimo } from './peers/baimo.ts'
import { openGenerator, openUpstream } from './support/load.ts'
import { loadOf } from './support/measure-relay.ts'
import { median } from './support/report.ts'
const up = await openUpstream(); const gen = await openGenerator()
const b = await openBaimo(up.port, process.argv[2])
const kind = { name: '', chunks: 3, goals: { cpuMicros: 0, addedMs: 0 } }
await gen.run(loadOf(b, kind, { connections: 32, count: 6000 }))
for (const pauseMs of [0, 3]) {
const load = loadOf(b, kind, { connections: 1, count: 1 })
const s = connect(b.port, '127.0.0.1'); s.setNoDelay(true); await new Promise((r) => s.once('connect', r))
const first: number[] = [], own: number[] = []
for (let i = 0; i < 600; i++) {
  const t0 = performance.now(); s.write(load.request)
  await new Promise<void>((res) => { let text = ''; let f = 0; const on = (c: Buffer) => { text += c.toString('latin1'); if (!f && text.indexOf('\r\n\r\n') > 0 && text.indexOf('\r\n\r\n') + 4 < text.length) { f = performance.now() - t0; first.push(f); own.push(Number(/overhead-ms: ([\d.]+)/.exec(text)?.[1])) } if (text.endsWith('0\r\n\r\n')) { s.off('data', on); res() } }; s.on('data', on) })
  if (pauseMs) await new Promise((r) => setTimeout(r, pauseMs))
}
console.log('pause', pauseMs, 'first', median(first).toFixed(3), 'own before', median(own).toFixed(3))
s.destroy()
}
await b.stop(); gen.stop(); up.stop()
