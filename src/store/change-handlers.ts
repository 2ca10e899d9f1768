import type { Log } from '../kernel/index.ts'
import type { Changes, ChangeTopic } from './types.ts'

/** Who is told of which news. */
export interface ChangeHandlers {
  readonly listen: Changes['listen']
  /** Tells an announcement, as `encodeChange` wrote it, to the handlers of its topic. */
  tell(payload: string): void
  /** Tells everybody that announcements may have been missed. */
  tellGap(): void
}

const LONGEST_PAYLOAD_BYTES = 7_999

/** What goes over the wire. Null: longer than PostgreSQL takes. */
export function encodeChange(topic: ChangeTopic, detail: string): string | null {
  const payload = `${topic} ${detail}`
  return Buffer.byteLength(payload) > LONGEST_PAYLOAD_BYTES ? null : payload
}

/** A handler that throws, or whose promise rejects, costs a line in the log and nothing else. */
export function openHandlers(log: Log): ChangeHandlers {
  const all = new Map<string, Set<Parameters<Changes['listen']>[1]>>()

  function run(topic: string, handler: () => unknown): void {
    Promise.try(handler).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      log.error({ topic, reason }, 'news of another process could not be taken in')
    })
  }

  return {
    listen(topic, heard) {
      const own = { ...heard } // the same handlers twice are two listeners
      const listeners = all.get(topic) ?? new Set()
      all.set(topic, listeners.add(own))
      return () => void listeners.delete(own)
    },
    tell(payload) {
      const space = payload.indexOf(' ')
      const topic = space < 0 ? payload : payload.slice(0, space)
      const detail = space < 0 ? '' : payload.slice(space + 1)
      // A topic that nobody here knows is a newer version's.
      for (const { onChange } of all.get(topic) ?? []) run(topic, () => onChange(detail))
    },
    tellGap() {
      for (const [topic, listeners] of all)
        for (const { onGap } of listeners) run(topic, () => onGap())
    },
  }
}
