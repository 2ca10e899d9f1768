import { expect, it } from 'vitest'
import { readEvents } from './read-events.ts'

async function eventsOf(...chunks: readonly Uint8Array[]): Promise<string[]> {
  async function* source() {
    yield* chunks
  }
  const events: string[] = []
  for await (const event of readEvents(source())) events.push(event)
  return events
}

const bytes = (text: string) => new TextEncoder().encode(text)

it('gives the data of each event and leaves comments and names out', async () => {
  const text = ': hello\n\nevent: a\ndata: one\n\ndata: two\ndata: lines\n\nid: 3\n\n'
  expect(await eventsOf(bytes(text))).toEqual(['one', 'two\nlines'])
})

it('joins what arrives in pieces, also through a character', async () => {
  const whole = bytes('data: 百模\r\n\r\ndata: [DONE]\r\n\r\n')
  for (let cut = 1; cut < whole.length; cut++)
    expect(await eventsOf(whole.subarray(0, cut), whole.subarray(cut))).toEqual(['百模', '[DONE]'])
})

it('gives a last event that has no empty line after it', async () => {
  expect(await eventsOf(bytes('data: end'))).toEqual(['end'])
})
