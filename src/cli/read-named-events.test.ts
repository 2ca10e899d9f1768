import { expect, test } from 'vitest'
import { readNamedEvents } from './read-named-events.ts'

test('events come whole, with number and name, wherever their bytes are cut', async () => {
  const text =
    'id: 1\nevent: open\ndata: {}\n\n: keep-alive\n\nid: 2\nevent: text\ndata: {"a":"潮"}\n\n'
  const bytes = new TextEncoder().encode(text)
  for (const size of [1, 7, 1_000]) {
    async function* cut() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const events = []
    for await (const event of readNamedEvents(cut())) events.push(event)
    expect(events).toEqual([
      { id: 1, name: 'open', data: '{}' },
      { id: 2, name: 'text', data: '{"a":"潮"}' },
    ])
  }
})
