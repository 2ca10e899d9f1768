// edge: looks at the disk, and keeps a file on it
import { randomFillSync } from 'node:crypto'
import { open, rm, stat, statfs } from 'node:fs/promises'
import type { Log } from '../kernel/index.ts'
import { ballastFor, decideDisk } from './disk-decide.ts'
import { refuse } from './errors.ts'

export interface DiskRoomOptions {
  /** A folder on the disk. */
  readonly path: string
  readonly ballastPath: string
  /** Room to be kept free; 0: the disk is not looked at. */
  readonly reserveBytes: number
  readonly log: Log
}

/** The room on the disk of an embedded database. */
export interface DiskRoom {
  /** Throws `store_disk_full` while there is less room than the reserve. */
  mayWrite(): void
  readonly isFull: boolean
  /** What may still be written, as of the last look; null before the first, and without any. */
  readonly freeBytes: number | null
  /** Looks now: something was told that the disk is full. */
  look(): Promise<void>
  close(): void
}

const LOOK_MS = 1_000
/** How often where room is short: it may be gone, or there again, any moment. */
const CLOSE_LOOK_MS = 200
const PIECE_BYTES = 1024 * 1024

/** A disk of which nothing is known, as that of the owner's own database. */
export const unknownRoom: DiskRoom = {
  mayWrite() {},
  isFull: false,
  freeBytes: null,
  look: async () => {},
  close() {},
}

export function refuseFullDisk(where: string, cause?: unknown): Error {
  return refuse(
    'store_disk_full',
    `${where} is full: what is there can be read, nothing is written. Make room; it goes on by itself.`,
    { retryAfterSeconds: 10, ...(cause === undefined ? {} : { cause }) },
  )
}

/** Looks once, then every second. Whatever the disk says, nothing is thrown but by `mayWrite`. */
export async function openDiskRoom(options: DiskRoomOptions): Promise<DiskRoom> {
  if (options.reserveBytes === 0) return unknownRoom
  const room = new WatchedRoom(options)
  await room.look()
  return room
}

class WatchedRoom implements DiskRoom {
  readonly #options: DiskRoomOptions
  #isFull = false
  #freeBytes: number | null = null
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | null = null
  #isClosed = false

  constructor(options: DiskRoomOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#isFull
  }

  get freeBytes(): number | null {
    return this.#freeBytes
  }

  mayWrite(): void {
    if (this.#isFull) throw refuseFullDisk('The disk of this market')
  }

  look(): Promise<void> {
    clearTimeout(this.#timer)
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null
      if (this.#isClosed) return
      const isShort = (this.#freeBytes ?? 0) < 8 * this.#options.reserveBytes
      this.#timer = setTimeout(() => void this.look(), isShort ? CLOSE_LOOK_MS : LOOK_MS).unref()
    })
    return this.#looking
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #lookOnce(): Promise<void> {
    const { path, reserveBytes, log } = this.#options
    try {
      const { bavail, bsize } = await statfs(path)
      const freeBytes = bavail * bsize
      const look = { freeBytes, wasFull: this.#isFull, hasBallast: await this.#findBallast() }
      const { isFull, ballast } = decideDisk(look, reserveBytes)
      this.#freeBytes = freeBytes
      this.#tell(isFull)
      if (ballast === 'give-up') await this.#giveUp()
      if (ballast === 'make' && !this.#isClosed) await this.#make()
    } catch (error) {
      log.debug({ reason: String(error) }, 'the room on the disk is not known')
    }
  }

  #tell(isFull: boolean): void {
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    const { log, path, reserveBytes } = this.#options
    const facts = { path, free_bytes: this.#freeBytes, reserve_bytes: reserveBytes }
    if (isFull) log.error(facts, 'the disk is full: nothing is written until there is room')
    else log.info(facts, 'there is room on the disk again')
  }

  /** One of another size, cut short or of another setting, is none. */
  async #findBallast(): Promise<boolean> {
    const { ballastPath, reserveBytes } = this.#options
    const size = await stat(ballastPath).then(
      (found) => found.size,
      () => null,
    )
    if (size === null || size === ballastFor(reserveBytes)) return size !== null
    await rm(ballastPath, { force: true })
    return false
  }

  async #giveUp(): Promise<void> {
    await rm(this.#options.ballastPath, { force: true })
    this.#options.log.warn({}, 'the disk has no room left: the database gets the reserve')
  }

  /** Random bytes: a file system that packs its files must not make the ballast light. */
  async #make(): Promise<void> {
    const { ballastPath, reserveBytes } = this.#options
    const piece = randomFillSync(Buffer.alloc(PIECE_BYTES))
    const file = await open(ballastPath, 'w', 0o600)
    try {
      let left = ballastFor(reserveBytes)
      while (left > 0)
        left -= (await file.write(piece, 0, Math.min(left, PIECE_BYTES))).bytesWritten
    } catch (error) {
      await rm(ballastPath, { force: true })
      throw error
    } finally {
      await file.close()
    }
  }
}
