import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const LISTENING = '0A'

export interface PortHolder {
  readonly pid: number
  readonly name: string
}

/**
 * Who listens on a TCP port of this machine, as Linux tells it; null where it is not told (another
 * system, another user's process).
 */
export function findPortHolder(port: number): PortHolder | null {
  if (process.platform !== 'linux') return null
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) =>
    listeningInodes(readOr(path, ''), port),
  )
  if (inodes.length === 0) return null
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`))
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, links))
  if (pid === undefined) return null
  return { pid: Number(pid), name: readOr(`/proc/${pid}/comm`, 'a process').trim() }
}

/** Inodes of the sockets that listen on `port`, in a table of /proc/net. */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const isHeld = fields[1]?.endsWith(suffix) === true && fields[3] === LISTENING
    return isHeld && fields[9] !== undefined ? [fields[9]] : []
  })
}

function holds(pid: string, links: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => links.has(linkOf(`/proc/${pid}/fd/${fd}`)))
  } catch {
    return false // gone meanwhile, or another user's
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return '' // closed meanwhile
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}
