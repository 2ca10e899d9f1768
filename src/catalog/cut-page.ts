import type { JsonObject } from '../kernel/index.ts'

/**
 * One page of a list whose items have an `id`: those after the cursor's, `limit` at most. A cursor
 * whose item has gone begins at the first item with a later id, which for ours is a later time.
 */
export function cutPage(
  items: readonly JsonObject[],
  page: { readonly cursor?: string | undefined; readonly limit: number },
): JsonObject {
  const start = page.cursor === undefined ? 0 : startAfter(items, page.cursor)
  const data = items.slice(start, start + page.limit)
  const last = data.at(-1)
  const hasMore = start + page.limit < items.length
  return { data, next_cursor: hasMore && last !== undefined ? String(last.id) : null }
}

function startAfter(items: readonly JsonObject[], cursor: string): number {
  const at = items.findIndex((item) => item.id === cursor)
  if (at >= 0) return at + 1
  const later = items.findIndex((item) => String(item.id) > cursor)
  return later >= 0 ? later : items.length
}
