// edge: talks to the name service
import type { LookupFunction } from 'node:net'

type Answer = Parameters<LookupFunction>[2]

/**
 * A lookup that asks for a name once at a time: whoever asks meanwhile gets the same answer, and
 * nothing is kept afterwards. The machine resolves names on a few threads that its files share; a
 * name whose service hangs would otherwise take all of them, one for each connection that waits.
 */
export function shareLookup(resolve: LookupFunction): LookupFunction {
  const asking = new Map<string, Answer[]>()
  return (hostname, options, callback) => {
    const key = `${hostname} ${JSON.stringify(options)}`
    const waiting = asking.get(key)
    if (waiting !== undefined) {
      waiting.push(callback)
      return
    }
    const all = [callback]
    asking.set(key, all)
    resolve(hostname, options, (...answer) => {
      asking.delete(key)
      for (const each of all) each(...answer)
    })
  }
}
