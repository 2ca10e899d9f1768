// edge: talks to sockets and timers.
import type { ServerResponse } from 'node:http'
import type { Clock, Log } from '../kernel/index.ts'
import type { Metrics } from '../metering/index.ts'
import { countAnswers, type Running, type RunningAnswers } from './running-answers.ts'
import type { Visit } from './types.ts'

export interface Watch {
  readonly answers: RunningAnswers
  /** Counts a request from its arrival to the end of its answer, and writes its line. */
  begin(request: Visit, response: ServerResponse): void
  /** Counts a refusal, and logs the bug behind it if there is one. */
  failed(error: unknown, request: Visit, shown: { code: string; isBug: boolean }): void
}

/** How long answers take: to the relay they take as long as the model does. */
const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300]

/** Routes that are polled: a line for each call would drown the others. */
const quiet = new Set(['/healthz', '/readyz', '/metrics'])

/** Sees every request: what runs, how it ended, how long it took. */
export function createWatch(options: { clock: Clock; log: Log; metrics: Metrics }): Watch {
  const { clock, log } = options
  const answers = countAnswers()
  const meters = createMeters(options.metrics, () => answers.runningCount)

  function end(request: Visit, running: Running, startedMs: number): void {
    answers.ended(running)
    const { response } = running
    const ms = clock.monotonicMs() - startedMs
    const route = request.route?.path ?? 'unknown'
    const status = response.statusCode
    meters.answered(route, request.method, { status, ms })
    // Attempts without a good key are counted, not written down: anyone could fill the log.
    if (status !== 401) {
      const fields = {
        request_id: request.id,
        method: request.method,
        subject_id: request.caller?.subjectId ?? null,
        route,
        status,
        ms: Math.round(ms * 100) / 100,
        is_aborted: response.writableFinished ? undefined : true,
      }
      const isStranger = request.caller === null && status < 500
      if (isStranger || quiet.has(route)) log.debug(fields, 'request')
      else log.info(fields, 'request')
    }
  }

  return {
    answers,
    begin(request, response) {
      const startedMs = clock.monotonicMs()
      const running = answers.began(response)
      response.on('close', () => end(request, running, startedMs)) // it closes once
    },
    failed(error, request, { code, isBug }) {
      meters.refused(code)
      if (!isBug) return
      const line = { ...lineOf(request), route: request.route?.path ?? 'unknown' }
      log.error({ ...line, error: reasonOf(error) }, 'a request failed by a bug')
    },
  }
}

function createMeters(metrics: Metrics, running: () => number) {
  const requests = metrics.counter('baimo_http_requests_total', 'Requests answered', [
    'route',
    'method',
    'status',
  ])
  const refusals = metrics.counter('baimo_http_refusals_total', 'Requests refused, by code', [
    'code',
  ])
  const seconds = metrics.histogram('baimo_http_request_seconds', 'From arrival to the last byte', {
    buckets: SECONDS,
    labels: ['route'],
  })
  metrics.gaugeFrom('baimo_http_requests_running', 'Requests being answered', running)
  return {
    answered(route: string, method: string, { status, ms }: { status: number; ms: number }) {
      requests.with(route, method, String(status)).add()
      seconds.with(route).observe(ms / 1_000)
    },
    refused: (code: string) => refusals.with(code).add(),
  }
}

function lineOf(request: Visit) {
  return {
    request_id: request.id,
    method: request.method,
    subject_id: request.caller?.subjectId ?? null,
  }
}

/** Of a bug only what helps to mend it: a database's error would also hold the values. */
function reasonOf(error: unknown) {
  if (!(error instanceof Error)) return { message: String(error) }
  return { name: error.name, message: error.message, stack: error.stack }
}
