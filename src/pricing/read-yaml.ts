import { isMap, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { Json } from '../kernel/index.ts'
import { refuse } from './errors.ts'
import { PriceFault } from './read-fields.ts'

/**
 * A file is read at one go, and everybody else waits that long: on a busy machine half a second for
 * 64 KiB of the worst shape.
 */
export const MAX_FILE_BYTES = 64 * 1024

/**
 * What `read` makes of a YAML file in which every scalar is the text that stands there, so that no
 * price is ever a float. Refuses with `pricing_file_invalid`, naming file, line and keys.
 */
export function readYaml<T>(file: { name: string; text: string }, read: (value: Json) => T): T {
  const { name, text } = file
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    throw refuse('pricing_file_invalid', `${name} is larger than 64 KiB: split it.`)
  const lines = new LineCounter()
  // The parser's own check of keys compares each with all before it.
  const options = { schema: 'failsafe', lineCounter: lines, uniqueKeys: false } as const
  const document = parseDocument(text, options)
  const [error] = document.errors
  if (error !== undefined) {
    const at = lines.linePos(error.pos[0]).line
    const what = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')
    throw refuse('pricing_file_invalid', `${name}, line ${at}: ${what}.`)
  }
  if (document.contents === null) throw refuse('pricing_file_invalid', `${name} is empty.`)
  refuseTwice(document.contents, name, lines)
  try {
    return read(document.toJS({ maxAliasCount: 0 }) as Json)
  } catch (error) {
    if (!(error instanceof PriceFault)) {
      throw refuse('pricing_file_invalid', `${name}: ${String(error)}`, { cause: error })
    }
    const line = lineOf(document.contents, error.path, lines)
    const keys = error.path.length === 0 ? '' : ` (${error.path.join(' › ')})`
    throw refuse('pricing_file_invalid', `${name}, line ${line}${keys}: ${error.message}.`)
  }
}

/** A key that stands twice would silently win or lose. */
function refuseTwice(root: Node, name: string, lines: LineCounter): void {
  visit(root, {
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        const text = String(key)
        if (seen.has(text)) {
          const at = lines.linePos(offsetOf(key) ?? 0).line
          const shown = text.slice(0, 40)
          throw refuse('pricing_file_invalid', `${name}, line ${at}: ${shown} stands twice.`)
        }
        seen.add(text)
      }
    },
  })
}

/** The line of the innermost part of a path that stands in the file. */
function lineOf(root: unknown, path: PriceFault['path'], lines: LineCounter): number {
  let node = root
  let offset = offsetOf(root)
  for (const part of path) {
    const next = childOf(node, part)
    if (next === null) break
    offset = offsetOf(next.key) ?? offsetOf(next.value) ?? offset
    node = next.value
  }
  return lines.linePos(offset ?? 0).line
}

function childOf(node: unknown, part: string | number): { key: unknown; value: unknown } | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => String(key) === String(part))
    return pair === undefined ? null : { key: pair.key, value: pair.value }
  }
  if (typeof part !== 'number' || !isNode(node) || !('items' in node)) return null
  const items = node.items as readonly unknown[]
  return items[part] === undefined ? null : { key: null, value: items[part] }
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
