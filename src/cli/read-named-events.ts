/** A server-sent event with a name and a number. */
export interface NamedEvent {
  readonly id: number
  readonly name: string
  readonly data: string
}

/** Server-sent events in order; comments are left out. */
export async function* readNamedEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<NamedEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split(/\r\n\r\n|\n\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) yield* eventOf(block)
  }
}

function* eventOf(block: string): Generator<NamedEvent> {
  const lines = block.split(/\r\n|\n/)
  const fieldOf = (field: string): string | undefined =>
    lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2)
  const data = fieldOf('data')
  if (data === undefined) return
  yield { id: Number(fieldOf('id') ?? 0), name: fieldOf('event') ?? 'message', data }
}
