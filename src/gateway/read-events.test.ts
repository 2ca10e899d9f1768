import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../tests/support/seeded-random.ts'
import { EventReader, findData } from './read-events.ts'

/** The events of a text that arrives cut into these pieces, and what is left. */
function readAll(pieces: readonly Buffer[]): { events: string[]; rest: string } {
  const reader = new EventReader()
  const events: string[] = []
  for (const piece of pieces) reader.push(piece, (event) => events.push(event.toString()))
  return { events, rest: reader.takeRest().toString() }
}

function cut(text: string, sizeOf: () => number): Buffer[] {
  const bytes = Buffer.from(text)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = Math.max(1, sizeOf())
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

describe('EventReader', () => {
  it.each([
    ['LF', ['data: 1\n\n', 'data: 2\n\n']],
    ['CRLF', ['data: 1\r\n\r\n', 'data: 2\r\n\r\n']],
    ['both mixed', ['data: 1\r\n\n', 'data: 2\n\r\n', 'data: 3\n\n']],
    ['several lines', ['event: x\nid: 7\ndata: 1\ndata: 2\n\n', ': note\n\n']],
    ['blank lines alone', ['\n', '\r\n', 'data: 1\n\n', '\n']],
    ['a CR within a line', ['data: a\rb\n\n']],
    ['a CR alone on a line of two', ['\rx\n\n', '\r\r\n\n']],
  ])('cuts events with %s, byte by byte or at once', (_name, events) => {
    const text = events.join('')
    for (const size of [1, 2, 3, text.length]) {
      expect(readAll(cut(text, () => size))).toEqual({ events, rest: '' })
    }
  })

  it('keeps what has no blank line yet, and gives it at the end', () => {
    const reader = new EventReader()
    const events: string[] = []
    reader.push(Buffer.from('data: 1\n\ndata: 2\nda'), (event) => events.push(event.toString()))
    expect(events).toEqual(['data: 1\n\n'])
    expect(reader.keptBytes).toBe(10)
    reader.push(Buffer.from('ta: 3'), (event) => events.push(event.toString()))
    expect(reader.keptBytes).toBe(15)
    expect(reader.takeRest().toString()).toBe('data: 2\ndata: 3')
    expect(reader.keptBytes).toBe(0)
  })

  it('gives the same events whatever the cuts', () => {
    const random = seededRandom(11)
    for (let round = 0; round < 500; round += 1) {
      const lines = Array.from({ length: 40 }, () =>
        random.pick(['', '\r', 'data: {"a":"你好 🙂"}', ': c', '\r\r', 'data: [DONE]\r', 'x\ry']),
      )
      const text = `${lines.join('\n')}\n${random.pick(['', 'data: cut', '\r'])}`
      const whole = readAll([Buffer.from(text)])
      expect(readAll(cut(text, () => random.below(12)))).toEqual(whole)
      expect(whole.events.join('') + whole.rest).toBe(text)
    }
  })

  it('reads a line of 5 MB in chunks of 64 KiB without copying it for each', () => {
    const text = `data: "${'x'.repeat(5_000_000)}"\n\n`
    const startedMs = performance.now()
    const { events } = readAll(cut(text, () => 65_536))
    expect(performance.now() - startedMs).toBeLessThan(500)
    expect(events).toEqual([text])
  })

  it('reads an event of 400,000 lines without copying it for each chunk', () => {
    const text = `${'data: x\n'.repeat(400_000)}\n`
    const pieces = cut(text, () => 4_096)
    const startedMs = performance.now()
    const { events } = readAll(pieces)
    expect(performance.now() - startedMs).toBeLessThan(1_500)
    expect(events).toEqual([text])
  })
})

describe('findData', () => {
  it.each([
    ['data: {"a":1}\n\n', '{"a":1}'],
    ['data:{"a":1}\r\n\r\n', '{"a":1}'],
    ['event: x\r\nid: 1\ndata:  two spaces\n\n', ' two spaces'],
    ['data: first\ndata: second\n\n', 'first'],
    ['data: [DONE]', '[DONE]'],
    ['data:\n\n', ''],
    ['data: \r\n\r\n', ''],
  ])('finds the data of %j', (event, data) => {
    const bytes = Buffer.from(event)
    const found = findData(bytes)
    expect(found && bytes.toString('utf8', found.start, found.end)).toBe(data)
  })

  it.each([': comment\n\n', 'retry: 10\n\n', '\n', '', 'xdata: 1\n\n', ' data: 1\n\n'])(
    'finds none in %j',
    (event) => {
      expect(findData(Buffer.from(event))).toBeNull()
    },
  )
})
