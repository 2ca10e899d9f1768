import type { BaimoPeer } from '../peers/baimo.ts'
import type { Generator } from './load.ts'
import { type Kind, loadOf } from './measure-relay.ts'
import { profileMarket } from './profile.ts'
import type { Row } from './report.ts'

/** Places below this share are summed up. */
const SMALLEST_SHARE = 0.01
const SHOWN_FUNCTIONS = 40

/** Rows that part Baimo's processor time by who spends it, as V8's profiler sees it under load. */
export async function whereTimeGoes(
  watched: {
    readonly generator: Generator
    readonly baimo: BaimoPeer
    readonly kind: Kind
    /** Lists the functions on standard error, too. */
    readonly isLoud: boolean
  },
  cpuMicros: number,
): Promise<Row[]> {
  const { generator, baimo, kind, isLoud } = watched
  const count = kind.chunks === 0 ? 15_000 : 3_000
  const load = loadOf(baimo, kind, { connections: 32, count })
  const { places, functions } = await profileMarket(baimo.market, () => generator.run(load))
  if (isLoud) {
    const lines = [...functions].slice(0, SHOWN_FUNCTIONS).map(([name, share]) => {
      return `${(share * cpuMicros).toFixed(2).padStart(8)} µs  ${name}\n`
    })
    process.stderr.write(`${kind.name}: functions, each without what it calls\n${lines.join('')}`)
  }
  let small = 0
  const rows: Row[] = []
  for (const [place, share] of places) {
    if (share < SMALLEST_SHARE) small += share
    else
      rows.push({ what: `${kind.name}: of it in ${place}`, value: share * cpuMicros, unit: 'µs' })
  }
  return [...rows, { what: `${kind.name}: of it elsewhere`, value: small * cpuMicros, unit: 'µs' }]
}
