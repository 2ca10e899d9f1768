import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { openBaimo } from './peers/baimo.ts'
import { openPrototype } from './peers/prototype.ts'
import { openGenerator, openUpstream } from './support/load.ts'
import { loadOf } from './support/measure-relay.ts'
const up = await openUpstream(); const gen = await openGenerator()
const kind = { name: '', chunks: Number(process.argv[4] ?? 3), goals: { cpuMicros: 0, addedMs: 0 } }
const b: any = process.argv[3] === 'proto' ? await openPrototype(up.port) : await openBaimo(up.port, process.argv[2])
await gen.run(loadOf(b, kind, { connections: 32, count: 4000 }))
const s = spawn('strace', ['-r', '-s', '40', '-o', '/tmp/rl/st.txt', '-p', String(b.pid)]); await new Promise((r) => setTimeout(r, 600))
await gen.run(loadOf(b, kind, { connections: 1, count: 60 }))
s.kill('SIGINT'); await new Promise((r) => s.on('exit', r))
console.log(readFileSync('/tmp/rl/st.txt', 'utf8').split('\n').slice(-130, -40).map((l) => l.slice(0, 150)).join('\n'))
await b.stop(); gen.stop(); up.stop()
