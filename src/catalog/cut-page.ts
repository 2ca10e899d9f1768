import type { JsonObject } from '../kernel/index.ts'

/** What a caller wants of a list. */
export interface PageWish {
  /** The id of the last item of the page before; absent: from the beginning. */
  readonly cursor?: string | undefined
  readonly limit: number
}

/**
 * One page of a list: the items after the cursor's, `limit` at most; only they are shaped. A cursor
 * whose item has gone begins at the first item with a later id, which for ours is a later time.
 */
export function cutPage<Item extends { readonly id: string }>(
  items: readonly Item[],
  page: PageWish,
  shape: (item: Item) => JsonObject,
): JsonObject {
  const start = page.cursor === undefined ? 0 : startAfter(items, page.cursor)
  const cut = items.slice(start, start + page.limit)
  const hasMore = start + page.limit < items.length
  return { data: cut.map(shape), next_cursor: hasMore ? (cut.at(-1)?.id ?? null) : null }
}

function startAfter(items: readonly { readonly id: string }[], cursor: string): number {
  const at = items.findIndex((item) => item.id === cursor)
  if (at >= 0) return at + 1
  const later = items.findIndex((item) => item.id > cursor)
  return later >= 0 ? later : items.length
}
