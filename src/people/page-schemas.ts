import { z } from 'zod'

/** What a caller may ask of a list: a page after a cursor, `most` items at most. */
export function pageQueryOf(limit: { readonly usual: number; readonly most: number }) {
  return z.object({
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(limit.most).default(limit.usual),
  })
}

/** One page of a list. */
export function listAnswer<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() })
}
