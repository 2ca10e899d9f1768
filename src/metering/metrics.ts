import { assert } from '../kernel/index.ts'

/** A count that only rises. */
export interface Counter {
  add(amount?: number): void
}
/** How values are spread over buckets. */
export interface Histogram {
  observe(value: number): void
}
/** One metric with labels: `with('GET', '200')` is the series of these values, in their order. */
export interface Labelled<Series> {
  with(...values: readonly string[]): Series
}

/**
 * The numbers of one process, as Prometheus reads them. Names and labels are asserted to be
 * fit for it; a metric keeps at most 2,000 series, later ones are counted together as `other`.
 */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Labelled<Counter> & Counter
  /** A gauge that is read when somebody asks. */
  gaugeFrom(name: string, help: string, read: () => number): void
  /** One value for each of the things that are there when somebody asks, by one label. */
  gaugesFrom(
    name: string,
    help: string,
    from: { readonly label: string; readonly read: () => Iterable<readonly [string, number]> },
  ): void
  /** `buckets` are upper bounds, rising, without infinity. */
  histogram(
    name: string,
    help: string,
    options: { readonly buckets: readonly number[]; readonly labels?: readonly string[] },
  ): Labelled<Histogram> & Histogram
  /** All of it in the text format, version 0.0.4. */
  render(): string
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const MAX_SERIES = 2_000

export function createMetrics(): Metrics {
  const families = new Map<string, () => string[]>()

  function register(name: string, labels: readonly string[], lines: () => string[]): void {
    assert(/^[a-z_][a-z0-9_]*$/.test(name), `metering: ${name} is no name of a metric`)
    assert(!families.has(name), `metering: the metric ${name} exists already`)
    for (const label of labels)
      assert(/^[a-z_][a-z0-9_]*$/.test(label), `metering: ${label} is no name of a label`)
    families.set(name, lines)
  }

  return {
    counter(name, help, labels = []) {
      const family = seriesOf(labels, counterSeries)
      register(name, labels, () => [
        ...headOf(name, help, 'counter'),
        ...family.lines((series, text) => [`${name}${text} ${series.value}`]),
      ])
      return { with: family.with, add: (amount) => family.with().add(amount) }
    },
    gaugeFrom(name, help, read) {
      register(name, [], () => [...headOf(name, help, 'gauge'), `${name} ${numberOf(read())}`])
    },
    gaugesFrom(name, help, { label, read }) {
      register(name, [label], () => {
        const lines = [...read()].slice(0, MAX_SERIES).map(([value, number]) => {
          return `${name}${labelText([label], [value])} ${numberOf(number)}`
        })
        return [...headOf(name, help, 'gauge'), ...lines]
      })
    },
    histogram(name, help, { buckets, labels = [] }) {
      const isRising = buckets.every((bound, index) => bound > (buckets[index - 1] ?? -Infinity))
      assert(isRising && buckets.length > 0, `metering: the buckets of ${name} do not rise`)
      const family = seriesOf(labels, () => histogramSeries(buckets))
      register(name, labels, () => [
        ...headOf(name, help, 'histogram'),
        ...family.lines((series, text) => series.lines(name, text)),
      ])
      return { with: family.with, observe: (value) => family.with().observe(value) }
    },
    render: () => `${[...families.values()].flatMap((lines) => lines()).join('\n')}\n`,
  }
}

/** One level of labels: by a value of the first, the rest. The last level holds the series. */
interface Level<Series> {
  readonly next: Map<string, Level<Series>>
  series: Series | null
}

function seriesOf<Series>(labels: readonly string[], create: () => Series) {
  const all: { readonly text: string; readonly series: Series }[] = []
  const root: Level<Series> = { next: new Map(), series: null }
  const other = labels.map(() => 'other')

  function find(values: readonly string[]): Series {
    let level: Level<Series> | undefined = root
    for (const value of values) level = level?.next.get(value)
    return level?.series ?? add(values)
  }

  function add(values: readonly string[]): Series {
    assert(values.length === labels.length, `metering: ${labels.length} labels want as many values`)
    if (all.length >= MAX_SERIES && values !== other) return find(other)
    const series = create()
    all.push({ text: labelText(labels, values), series })
    let level = root
    for (const value of values) {
      const next = level.next.get(value) ?? { next: new Map(), series: null }
      level.next.set(value, next)
      level = next
    }
    level.series = series
    return series
  }

  return {
    with: (...values: readonly string[]) => find(values),
    lines: (shape: (series: Series, text: string) => string[]) =>
      all.flatMap(({ series, text }) => shape(series, text)),
  }
}

function counterSeries() {
  const series = {
    value: 0,
    add(amount = 1) {
      assert(amount >= 0, 'metering: a counter only rises')
      series.value += amount
    },
  }
  return series
}

function histogramSeries(buckets: readonly number[]) {
  const counts = buckets.map(() => 0)
  let count = 0
  let sum = 0
  return {
    observe(value: number) {
      count += 1
      sum += value
      for (let index = 0; index < buckets.length; index++) {
        if (value > (buckets[index] ?? Infinity)) continue
        counts[index] = (counts[index] ?? 0) + 1
        return
      }
    },
    lines(name: string, text: string) {
      let below = 0
      const rows = buckets.map((bound, index) => {
        below += counts[index] ?? 0
        return `${name}_bucket${withLabel(text, `le="${bound}"`)} ${below}`
      })
      return [
        ...rows,
        `${name}_bucket${withLabel(text, 'le="+Inf"')} ${count}`,
        `${name}_sum${text} ${numberOf(sum)}`,
        `${name}_count${text} ${count}`,
      ]
    },
  }
}

function headOf(name: string, help: string, type: string): string[] {
  const line = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return [`# HELP ${name} ${line}`, `# TYPE ${name} ${type}`]
}

function labelText(labels: readonly string[], values: readonly string[]): string {
  if (labels.length === 0) return ''
  const pairs = labels.map((label, index) => `${label}="${escapeValue(values[index] ?? '')}"`)
  return `{${pairs.join(',')}}`
}

function withLabel(text: string, pair: string): string {
  return text === '' ? `{${pair}}` : `${text.slice(0, -1)},${pair}}`
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** Prometheus writes infinities its own way. */
function numberOf(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
