/** The data of each server-sent event, in order. Comments and other fields are left out. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) yield* dataOf(block)
  }
  yield* dataOf(rest + decoder.decode())
}

function* dataOf(block: string): Generator<string> {
  const lines = block.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'))
  if (lines.length > 0) yield lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n')
}
