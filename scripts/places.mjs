// Where Node 26 and the engine are installed: in a checkout beside their manifests. For a package
// that npm installed, whose folder is another user's or thrown away with the next version, in the
// user's cache, named by what is in them.
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve, sep } from 'node:path'

export const platform = `${process.platform}-${process.arch}`

/** Whether npm installed it, rather than somebody cloned it. As src/config.ts tells it. */
export function isPackage(root) {
  return root.split(/[\\/]/).includes('node_modules')
}

/** The folder to install into for a folder with a manifest and its lockfile. */
export function placeOf(root, name) {
  const source = join(root, name)
  if (!isPackage(root) || !existsSync(join(source, 'package-lock.json'))) return source
  return join(cacheFolder(), `${name}-${stampOf(join(source, 'package-lock.json')).slice(0, 16)}`)
}

/** Tells one lockfile on one platform from every other. */
export function stampOf(lockPath) {
  return createHash('sha256').update(platform).update(readFileSync(lockPath)).digest('hex')
}

/** The first that can be written of the user's cache and the home of Baimo. */
function cacheFolder() {
  const { BAIMO_HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env
  const usual = {
    win32: join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Baimo', 'Cache'),
    darwin: join(homedir(), 'Library', 'Caches', 'Baimo'),
  }
  const linux = join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'baimo')
  const wanted = usual[process.platform] ?? linux
  const candidates = BAIMO_HOME ? [wanted, join(BAIMO_HOME, 'cache')] : [wanted]
  return candidates.find(canWrite) ?? wanted
}

function canWrite(folder) {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false // the next candidate is tried, or npm says what is wrong with this one
  }
}

/** How people call it, for what it tells them to type. */
export function commandName(root) {
  if (!isPackage(root) || process.env.npm_command !== 'exec') return 'baimo'
  // npx notes what it brought: a file, whose path is then the name to call, or a name.
  const above = root.slice(0, root.lastIndexOf(`${sep}node_modules${sep}`))
  const note = join(above, 'package.json')
  const given = existsSync(note) ? JSON.parse(readFileSync(note, 'utf8')).dependencies?.baimo : ''
  if (typeof given !== 'string' || !given.startsWith('file:')) return 'npx baimo'
  return `npx ${resolve(above, given.slice('file:'.length))}`
}
