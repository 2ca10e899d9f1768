import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('counters, gauges and histograms read as Prometheus wants them', () => {
  const metrics = createMetrics()
  const requests = metrics.counter('requests_total', 'Requests\nanswered', ['route', 'status'])
  requests.with('/v1/models', '200').add()
  requests.with('/v1/models', '200').add(2)
  requests.with('a"b\\c\n', '404').add()
  metrics.counter('plain_total', 'Plain').add()
  metrics.gaugeFrom('live', 'Live', () => 7)
  const times = metrics.histogram('seconds', 'Time', { buckets: [0.1, 1], labels: ['route'] })
  for (const value of [0.05, 0.1, 0.5, 9]) times.with('/').observe(value)
  expect(metrics.render()).toBe(
    [
      '# HELP requests_total Requests\\nanswered',
      '# TYPE requests_total counter',
      'requests_total{route="/v1/models",status="200"} 3',
      'requests_total{route="a\\"b\\\\c\\n",status="404"} 1',
      '# HELP plain_total Plain',
      '# TYPE plain_total counter',
      'plain_total 1',
      '# HELP live Live',
      '# TYPE live gauge',
      'live 7',
      '# HELP seconds Time',
      '# TYPE seconds histogram',
      'seconds_bucket{route="/",le="0.1"} 2',
      'seconds_bucket{route="/",le="1"} 3',
      'seconds_bucket{route="/",le="+Inf"} 4',
      'seconds_sum{route="/"} 9.65',
      'seconds_count{route="/"} 4',
      '',
    ].join('\n'),
  )
})

test('a gauge of several things shows those that are there when somebody asks', () => {
  const metrics = createMetrics()
  const values = new Map([['a"b', 1]])
  metrics.gaugesFrom('open', 'Open', { label: 'listing', read: () => values })
  const head = '# HELP open Open\n# TYPE open gauge\n'
  expect(metrics.render()).toBe(`${head}open{listing="a\\"b"} 1\n`)
  values.clear()
  values.set('c', 0)
  expect(metrics.render()).toBe(`${head}open{listing="c"} 0\n`)
})

test('a flood of label values ends in one series', () => {
  const metrics = createMetrics()
  const counter = metrics.counter('flood_total', 'Flood', ['name'])
  for (let index = 0; index < 5_000; index++) counter.with(`n${index}`).add()
  const lines = metrics.render().split('\n')
  expect(lines.length).toBeLessThan(2_010)
  expect(lines).toContain('flood_total{name="other"} 3000')
})

test('a wrong name, a name taken, a missing label and a falling counter are bugs', () => {
  const metrics = createMetrics()
  const counter = metrics.counter('one_total', 'One', ['a'])
  expect(() => metrics.counter('one_total', 'Again')).toThrow('exists already')
  expect(() => metrics.counter('Bad-name', 'Bad')).toThrow('no name')
  expect(() => counter.with('x', 'y').add()).toThrow('labels')
  expect(() => counter.with('x').add(-1)).toThrow('rises')
})
