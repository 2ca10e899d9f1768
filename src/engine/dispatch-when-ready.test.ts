import { expect, test, vi } from 'vitest'
import type { Endpoint } from '../catalog/index.ts'
import { newId, refusalsOf } from '../kernel/index.ts'
import {
  type DispatchControl,
  type ProviderHandler,
  type ProviderRequest,
  providerErrors,
} from '../providers/index.ts'
import { dispatchWhenReady } from './dispatch-when-ready.ts'
import type { EngineState } from './types.ts'

const request: ProviderRequest = {
  operation: 'chat',
  body: Buffer.from('{}'),
  headersTimeoutMs: 0,
  bodyTimeoutMs: 0,
}

function endpointAt(socketPath: string | null): Endpoint {
  return {
    providerId: newId<'provider'>(),
    dialect: 'openai',
    baseUrl: 'http://engine.localhost/v1',
    socketPath,
    authHeader: null,
    quirks: { acceptsStreamOptions: true, rejectedParameters: [] },
  }
}

const control: DispatchControl = { pause() {}, resume() {}, abort() {} }

function setUp(kind: EngineState['kind']) {
  const ready = Promise.withResolvers<void>()
  const state = { kind, reason: 'because' }
  const errors: Error[] = []
  const handler: ProviderHandler = {
    onResponseStart() {},
    onResponseData() {},
    onResponseEnd() {},
    onResponseError: (_control, error) => errors.push(error),
  }
  const upstreamAbort = vi.fn()
  const sent: ProviderHandler[] = []
  const dispatch = vi.fn((_endpoint: Endpoint, _request: ProviderRequest, to: ProviderHandler) => {
    sent.push(to)
    return upstreamAbort
  })
  const engine = {
    socketPath: '/run/engine',
    state: () => state as EngineState,
    whenReady: () => ready.promise,
  }
  const become = async (next: EngineState['kind']): Promise<void> => {
    state.kind = next
    ready.resolve()
    await ready.promise
  }
  return { engine, dispatch, sent, handler, errors, upstreamAbort, become }
}

test('requests for other providers go at once, whatever the engine does', () => {
  const { engine, dispatch, handler } = setUp('starting')
  dispatchWhenReady(engine, dispatch)(endpointAt(null), request, handler)
  expect(dispatch).toHaveBeenCalledOnce()
})

test('a request waits for an engine that starts, and can be given up before and after', async () => {
  const { engine, dispatch, handler, errors, upstreamAbort, become } = setUp('starting')
  const send = dispatchWhenReady(engine, dispatch)
  const early = send(endpointAt('/run/engine'), request, handler)
  const late = send(endpointAt('/run/engine'), request, handler)
  expect(dispatch).not.toHaveBeenCalled()
  early(new Error('client gone'))
  expect(errors.map((error) => error.message)).toEqual(['client gone'])
  await become('ready')
  expect(dispatch).toHaveBeenCalledOnce()
  late()
  expect(upstreamAbort).toHaveBeenCalledOnce()
  expect(errors).toHaveLength(1)
})

test('without an engine the refusal says why', async () => {
  const { engine, dispatch, handler, errors, become } = setUp('absent')
  dispatchWhenReady(engine, dispatch)(endpointAt('/run/engine'), request, handler)
  await become('absent')
  expect(errors).toMatchObject([{ code: 'engine_absent' }])
  expect(errors[0]?.message).toContain('because')
  expect(dispatch).not.toHaveBeenCalled()
})

test('an engine that does not come is not waited for without end', async () => {
  vi.useFakeTimers()
  const { engine, dispatch, handler, errors, become } = setUp('restarting')
  dispatchWhenReady(engine, dispatch)(endpointAt('/run/engine'), request, handler)
  vi.advanceTimersByTime(10_000)
  vi.useRealTimers()
  expect(errors).toMatchObject([{ code: 'engine_starting', retryAfterSeconds: 2 }])
  await become('ready')
  expect(dispatch).not.toHaveBeenCalled()
})

test('what a dead engine left without an answer is sent again, but lost only once', async () => {
  const refuse = refusalsOf(providerErrors)
  const lost = () => refuse('providers_connection_lost', 'died in the middle')
  const { engine, dispatch, sent, handler, errors } = setUp('ready')
  dispatchWhenReady(engine, dispatch)(endpointAt('/run/engine'), request, handler)
  // The child is dead, which nobody knows yet: its socket refuses, a kept connection breaks.
  sent[0]?.onResponseError(control, refuse('providers_unreachable', 'connect refused'))
  await expect.poll(() => dispatch.mock.calls.length).toBe(2)
  sent[1]?.onResponseError(control, lost())
  await expect.poll(() => dispatch.mock.calls.length).toBe(3)
  sent[2]?.onResponseError(control, lost())
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect(dispatch).toHaveBeenCalledTimes(3)
  expect(errors).toMatchObject([{ code: 'providers_connection_lost' }])
})

test('an answer that had begun is never asked for again', async () => {
  const refuse = refusalsOf(providerErrors)
  const { engine, dispatch, sent, handler, errors } = setUp('ready')
  dispatchWhenReady(engine, dispatch)(endpointAt('/run/engine'), request, handler)
  sent[0]?.onResponseStart(control, 200, {}, 'OK')
  sent[0]?.onResponseError(control, refuse('providers_connection_lost', 'died in the middle'))
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect(dispatch).toHaveBeenCalledOnce()
  expect(errors).toHaveLength(1)
})
