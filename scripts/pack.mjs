// What npm packs: the built program, which holds its packages but the database's binaries. Those
// alone are named in the packed manifest, and their lockfile travels with it: npm leaves
// package-lock.json out of packages and keeps npm-shrinkwrap.json. `baimo/ratings` travels with its
// types.
//   node scripts/pack.mjs before|after
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from './build-if-stale.mjs'
import { install, nodeBinary } from './install.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const manifestPath = join(root, 'package.json')
const savedPath = join(root, 'build', 'package.json.saved')
const shrinkwrapPath = join(root, 'npm-shrinkwrap.json')
const ignorePath = join(root, 'build', '.npmignore')
const typesPath = join(root, 'build', 'types')

/** The manifest without what is built in, or only needed to build. */
export function packedManifest({ dependencies: _, devDependencies: __, ...manifest }) {
  return manifest
}

/** Of the lockfile what the packed manifest still names, entry for entry the same. */
export function packedLock(lock) {
  const { '': own, ...packages } = lock.packages
  const shipped = Object.keys(own.optionalDependencies ?? {}).map((name) => `node_modules/${name}`)
  const kept = Object.entries(packages).filter(([path]) => shipped.includes(path))
  return { ...lock, packages: { '': packedManifest(own), ...Object.fromEntries(kept) } }
}

async function before() {
  after() // what a pack that was cut off has left
  const node = nodeBinary(root)
  if (node === null || !(await install(root, node)) || !(await build(root, node))) return 1
  const manifest = readFileSync(manifestPath, 'utf8')
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  writeJson(shrinkwrapPath, packedLock(lock))
  writeTypes(node)
  const files = filesOf(
    'cli.js',
    'engine-child.js',
    'hash-worker.js',
    'rating-worker.js',
    'ratings.js',
  )
  const kept = [...files, 'types', 'types/**']
  writeFileSync(ignorePath, ['*', ...kept.map((name) => `!${name}`)].join('\n'))
  writeFileSync(savedPath, manifest)
  writeJson(manifestPath, packedManifest(JSON.parse(manifest)))
  return 0
}

function after() {
  if (existsSync(savedPath)) renameSync(savedPath, manifestPath)
  for (const path of [shrinkwrapPath, ignorePath]) rmSync(path, { force: true })
  return 0
}

/** What `baimo/ratings` exports, as declarations: those that its door leads to, and no others. */
function writeTypes(node) {
  rmSync(typesPath, { recursive: true, force: true })
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  execFileSync(node, [compiler, '-p', join(root, 'scripts', 'tsconfig.types.json')], {
    stdio: ['ignore', 2, 2],
  })
  const found = new Set(['ratings/index.d.ts'])
  for (const name of found)
    for (const [, target] of readFileSync(join(typesPath, name), 'utf8').matchAll(
      /(?:from|import\() ?['"](\.[^'"]+)\.ts['"]/g,
    ))
      found.add(posix.join(posix.dirname(name), `${target}.d.ts`))
  for (const name of readdirSync(typesPath, { recursive: true }))
    if (name.endsWith('.ts') && !found.has(name.replaceAll('\\', '/')))
      rmSync(join(typesPath, name))
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** The entries and the chunks that they load: not those of older builds, and no maps. */
function filesOf(...entries) {
  const present = readdirSync(join(root, 'build'))
  const found = new Set(entries)
  for (const name of found) {
    const text = readFileSync(join(root, 'build', name), 'utf8')
    for (const [chunk] of text.matchAll(/chunk-[\w.-]+?\.js\b/g))
      if (present.includes(chunk)) found.add(chunk)
  }
  return [...found]
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  process.exitCode = process.argv[2] === 'after' ? after() : await before()
