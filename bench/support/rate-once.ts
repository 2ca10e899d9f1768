// Rates a board once, as the first thing a process does, and prints how long that took.
import { performance } from 'node:perf_hooks'
import { rateBoard } from '../../src/ratings/rate-board.ts'
import { arenaShaped } from '../../tests/support/arena-shaped.ts'
import { readArenaPairs } from '../../tests/support/shared-data.ts'

const pairs = readArenaPairs() ?? arenaShaped(1)
const before = process.threadCpuUsage()
const beganMs = performance.now()
rateBoard({ pairs, raters: null, prompts: null })
const wallMs = performance.now() - beganMs
const { user, system } = process.threadCpuUsage(before)
console.log(JSON.stringify({ wallMs, processorMs: (user + system) / 1_000 }))
