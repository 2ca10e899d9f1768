import { expect, onTestFinished, test } from 'vitest'
import { liveListing, memberPrincipal, openGatewayWorld } from '../../tests/support/gateway.ts'
import {
  openScriptedUpstream,
  type ScriptedUpstream,
} from '../../tests/upstream/scripted-upstream.ts'
import type { AskEnd } from './inner-writer.ts'

const TEXT = 'Hello from the scripted upstream: 你好 🙂'

async function openWorld() {
  const upstream = await openScriptedUpstream()
  onTestFinished(() => upstream.close())
  const committed: string[] = []
  const world = await openGatewayWorld({
    endpoint: upstream.endpoint(),
    record: async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      committed.push(id)
    },
  })
  return { upstream, world, committed }
}

function ask(
  {
    world,
    upstream,
  }: { world: Awaited<ReturnType<typeof openWorld>>['world']; upstream: ScriptedUpstream },
  mode: string,
  options: { isStream?: boolean; others?: readonly string[] } = {},
) {
  const listingOf = (name: string) =>
    liveListing(upstream.endpoint(), { upstreamModel: `acme/${name}`, modelName: 'acme/m' })
  let text = ''
  const ended = Promise.withResolvers<AskEnd>()
  const asking = world.gateway.ask({
    principal: memberPrincipal(),
    purpose: 'battle',
    listing: listingOf(mode),
    others: (options.others ?? []).map(listingOf),
    body: { messages: [{ role: 'user', content: 'hi' }], stream: options.isStream ?? true },
    sink: {
      text: (added) => {
        text += added
      },
      ended: ended.resolve,
    },
  })
  return { asking, end: ended.promise, text: () => text }
}

test('an answer from within comes as text, and its end after its record is committed', async () => {
  const open = await openWorld()
  for (const [mode, isStream] of [
    ['normal', true],
    ['normal', false],
    ['split-bytes', true],
    ['gzip', true],
    ['crlf', true],
  ] as const) {
    const { asking, end, text } = ask(open, mode, { isStream })
    const ended = await end
    expect([ended.kind, text()]).toEqual(['answered', TEXT])
    expect(open.committed.at(-1)).toBe(asking.requestId)
    expect(ended.usage).toMatchObject({ purpose: 'battle', outcome: 'answered' })
  }
})

test('another listing of the model answers where one fails, and the record names it', async () => {
  const open = await openWorld()
  const { end, text } = ask(open, 'refuse-503', { others: ['normal'] })
  expect((await end).kind).toBe('answered')
  expect(text()).toBe(TEXT)
  expect(open.world.usages).toHaveLength(1)
  expect(open.world.moves[0]?.[0]).toBe('fallback')
})

test('a side that fails says so, before or in the middle of its answer', async () => {
  const open = await openWorld()
  for (const mode of ['refuse-500', 'reset-mid-answer', 'error-mid-answer', 'refuse-400'])
    expect((await ask(open, mode).end).kind, mode).toBe('failed')
})

test('who leaves is told so, and what came is recorded as aborted', async () => {
  const open = await openWorld()
  const { asking, end } = ask(open, 'stall-mid-answer')
  setTimeout(() => asking.leave(), 50)
  const ended = await end
  expect([ended.kind, ended.usage?.outcome]).toEqual(['left', 'aborted'])
})
