import { expect, test, vi } from 'vitest'
import type { Endpoint } from '../catalog/index.ts'
import { newId } from '../kernel/index.ts'
import type { ProviderHandler, ProviderRequest } from '../providers/index.ts'
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
  const dispatch = vi.fn(() => upstreamAbort)
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
  return { engine, dispatch, handler, errors, upstreamAbort, become }
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
