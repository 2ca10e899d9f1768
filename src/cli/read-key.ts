import { interrupted } from './interrupt.ts'

/** Waits for one of some keys on the terminal, without Enter; null once `signal` says stop. */
export function readKey(keys: readonly string[], signal: AbortSignal): Promise<string | null> {
  const { stdin } = process
  const { promise, resolve, reject } = Promise.withResolvers<string | null>()
  const take = (data: Buffer): void => {
    const key = data.toString().toLowerCase()
    if (key === '\u0003') reject(interrupted())
    else if (keys.includes(key)) resolve(key)
  }
  const stop = (): void => resolve(null)
  stdin.setRawMode(true)
  stdin.on('data', take)
  stdin.resume()
  signal.addEventListener('abort', stop)
  return promise.finally(() => {
    signal.removeEventListener('abort', stop)
    stdin.off('data', take)
    stdin.setRawMode(false)
    stdin.pause()
  })
}
