/** What the market holds open besides clients: database, engine, log, locks, Node’s own. */
const OWN_DESCRIPTORS = 64

/** With fewer the market cannot even open its parts and serve a few. */
export const LEAST_DESCRIPTORS = 128

/**
 * The most connections of clients with so many file descriptors; null where that is not known.
 * Each request needs one more, to its provider: clients get half of what is left, so that they can
 * starve neither the database nor the way to providers.
 */
export function boundConnections(descriptors: number | null): number | null {
  if (descriptors === null) return null
  return Math.max(1, Math.floor((descriptors - OWN_DESCRIPTORS) / 2))
}

/** The soft limit of open files in the text of /proc/self/limits; null: none, or not there. */
export function readOpenFiles(text: string): number | null {
  const soft = /^Max open files\s+(\d+)/m.exec(text)?.[1]
  return soft === undefined ? null : Number(soft)
}
