import { createServer } from 'node:net'
import { broken, type Check, ok } from './check.ts'
import { findPortHolder } from './find-port-holder.ts'

/** Whether a start could take the port; of use only while no market runs here. */
export async function checkPort(host: string, port: number): Promise<Check> {
  if (port === 0) return ok('port', 'any free one')
  const code = await tryPort(host, port)
  if (code === null) return ok('port', `${port} on ${host} is free`)
  if (code !== 'EADDRINUSE') {
    const remedy =
      code === 'EACCES' ? 'Set PORT to one above 1023.' : 'Set HOST to an address of this machine.'
    return broken('port', `${host}:${port} cannot be used (${code})`, remedy)
  }
  const holder = findPortHolder(port)
  const who = holder === null ? 'another program' : `${holder.name}, process ${holder.pid}`
  return broken('port', `${port} is taken by ${who}`, 'Stop it, or set PORT to another port.')
}

/** Null when it could be taken, else the system's code. */
function tryPort(host: string, port: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>()
  const server = createServer()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  return promise
}
