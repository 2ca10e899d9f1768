import { basename } from 'node:path'
import { domainOf, isTest, type Source } from './tree.ts'

/**
 * The direction of imports, lowest first: a folder imports only what stands before it.
 * Within a line a later name may import an earlier one. A folder that is not here has no place
 * yet: give it one before it comes into being.
 */
export const direction: readonly (readonly string[])[] = [
  ['kernel'],
  ['ratings', 'compute', 'value'],
  ['store'],
  ['jobs'],
  ['people', 'catalog', 'pricing'],
  ['metering', 'limits', 'ledger'],
  ['providers', 'hubs'],
  ['engine'],
  ['exam', 'boards'],
  ['routing'],
  ['gateway'],
  ['arena', 'chat', 'media', 'connectors', 'cluster', 'sponsors'],
  ['reports', 'sim'],
  ['http'],
]

/** Files directly in src/, lowest first. They stand above every folder, `config.ts` below all. */
export const topFiles = [
  'config.ts',
  'compose-routes.ts',
  'compose-boards.ts',
  'compose-routing.ts',
  'compose-arena.ts',
  'main.ts',
  'cli.ts',
]

/** The folder of the command line: above everything but cli.ts, which opens it. */
export const commandFolder = 'cli'

/** Folders that are pure whatever their files are named. */
export const pureFolders = ['ratings', 'compute', 'value']

/**
 * What core files may import although it is not ours: it computes and nothing else, so that the
 * same arguments give the same result. null: every name of the package.
 */
export const pureImports: Readonly<Record<string, readonly string[] | null>> = {
  zod: null,
  yaml: null,
  'node:buffer': ['Buffer', 'isUtf8', 'isAscii'],
  'node:crypto': ['createHash', 'hash', 'createHmac', 'timingSafeEqual'],
  'node:net': ['isIP', 'isIPv4', 'isIPv6', 'BlockList'],
  'node:path': ['posix', 'join', 'dirname', 'basename', 'extname'],
  'node:zlib': ['crc32'],
}

/** Files that start something: nobody imports them. */
export const entries = ['src/main.ts', 'src/cli.ts']

/** Folder names that say where things lie and not what they are. */
export const emptyNames = ['utils', 'helpers', 'common', 'shared', 'misc', 'lib', 'core']

export const limits = { functionLines: 70, fileLines: 500, lineCharacters: 100, packages: 12 }

/** What a file of src/ is, by its name or by the mark on its first line. */
export type Role =
  | 'top'
  | 'test'
  | 'door'
  | 'types'
  | 'errors'
  | 'store'
  | 'service'
  | 'routes'
  | 'migration'
  | 'edge'
  | 'core'

/** `// edge: talks to …` on the first line marks a file that touches the world. */
export function roleOf({ path, text }: Source): Role {
  const name = basename(path)
  if (isTest(path)) return 'test'
  if (domainOf(path) === '' || domainOf(path) === commandFolder) return 'top'
  if (path === `src/${domainOf(path)}/index.ts`) return 'door'
  if (name === 'types.ts' || name === 'errors.ts') return name === 'types.ts' ? 'types' : 'errors'
  if (path.startsWith('src/store/migrations/')) return 'migration'
  if (pureFolders.includes(domainOf(path))) return 'core'
  for (const role of ['store', 'service', 'routes'] as const)
    if (new RegExp(`(^|-)${role}(-|\\.)`).test(name)) return role
  return /^\/\/ edge: \S/.test(text) ? 'edge' : 'core'
}

/** Whether a file decides without touching the world: same arguments, same result. */
export function isPure(source: Source): boolean {
  return ['door', 'types', 'errors', 'migration', 'core'].includes(roleOf(source))
}
