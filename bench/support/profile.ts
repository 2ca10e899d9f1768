import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Market } from '../../tests/support/market.ts'

/** Shares of the processor time of a process while it was watched. They sum to 1 or less. */
export interface Profile {
  /** By who wrote the code: a folder of src/, a package, node, the garbage collector, … */
  readonly places: ReadonlyMap<string, number>
  /** By function, with its place. */
  readonly functions: ReadonlyMap<string, number>
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Watches a running market while `work` runs, by V8's sampling profiler. */
export async function profileMarket(
  market: Market,
  work: () => Promise<unknown>,
): Promise<Profile> {
  const inspector = await openInspector(market)
  await inspector.call('Profiler.enable')
  await inspector.call('Profiler.setSamplingInterval', { interval: 200 })
  await inspector.call('Profiler.start')
  await work()
  const { profile } = (await inspector.call('Profiler.stop')) as { profile: CpuProfile }
  inspector.close()
  return summarise(profile)
}

async function openInspector(market: Market) {
  const address = (): string | undefined => /listening on (ws:\S+)/.exec(market.output())?.[1]
  if (address() === undefined) market.process.kill('SIGUSR1') // Node then opens its inspector
  while (address() === undefined) await sleep(10)
  const socket = new WebSocket(address() ?? '')
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  let lastId = 0
  return {
    call(method: string, params: object = {}): Promise<unknown> {
      lastId += 1
      const id = lastId
      socket.send(JSON.stringify({ id, method, params }))
      return new Promise((resolve) => {
        const take = ({ data }: MessageEvent): void => {
          const message = JSON.parse(String(data)) as { id?: number; result?: unknown }
          if (message.id !== id) return
          socket.removeEventListener('message', take)
          resolve(message.result)
        }
        socket.addEventListener('message', take)
      })
    },
    close: () => socket.close(),
  }
}

function summarise({ nodes, samples, timeDeltas }: CpuProfile): Profile {
  const placeOf = placer()
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const micros = new Map<number, number>()
  let busyMicros = 0
  samples.forEach((id, index) => {
    if (frames.get(id)?.functionName === '(idle)') return
    const delta = timeDeltas[index] ?? 0
    micros.set(id, (micros.get(id) ?? 0) + delta)
    busyMicros += delta
  })
  const places = new Map<string, number>()
  const functions = new Map<string, number>()
  for (const [id, spent] of micros) {
    const frame = frames.get(id)
    if (frame === undefined) continue
    const { place, name } = placeOf(frame)
    const share = spent / busyMicros
    places.set(place, (places.get(place) ?? 0) + share)
    functions.set(`${name} (${place})`, (functions.get(`${name} (${place})`) ?? 0) + share)
  }
  return { places: sorted(places), functions: sorted(functions) }
}

function sorted(shares: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...shares].sort(([, a], [, b]) => b - a))
}

/** Tells who wrote a function, and its name before the bundler changed it. */
function placer(): (frame: CallFrame) => { place: string; name: string } {
  const maps = new Map<string, SourceMap | null>()
  const mapOf = (url: string): SourceMap | null => {
    const known = maps.get(url)
    if (known !== undefined) return known
    const path = `${fileURLToPath(url)}.map`
    const map = existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : null
    maps.set(url, map)
    return map
  }
  return ({ functionName, url, lineNumber, columnNumber }) => {
    if (functionName === '(garbage collector)') return { place: 'garbage collection', name: '' }
    if (functionName === '(program)') return { place: 'system calls, V8', name: '' }
    const name = functionName === '' ? `line ${lineNumber + 1}` : functionName
    if (url === '') return { place: 'node, natively', name }
    if (url.startsWith('node:')) return { place: nodeModule(url), name }
    if (!url.startsWith('file:')) return { place: url.split(':', 1)[0] ?? url, name }
    const entry = mapOf(url)?.findEntry(lineNumber, columnNumber)
    const source = entry !== undefined && 'originalSource' in entry ? entry.originalSource : url
    return { place: ownerOf(source), name }
  }
}

function nodeModule(url: string): string {
  if (/^node:(_http|internal\/http)/.test(url)) return 'node http'
  if (/^node:(net|internal\/(stream|net)|stream)/.test(url)) return 'node net and streams'
  return 'node, other'
}

/** `src/metering` or the name of a package. */
function ownerOf(source: string): string {
  const packaged = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1]
  if (packaged !== undefined) return packaged
  const folder = /src\/([a-z]+)\//.exec(source)?.[1]
  return folder === undefined ? 'src' : `src/${folder}`
}
