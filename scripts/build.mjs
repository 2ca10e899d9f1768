// Bundles src/ and its packages into build/: a start then loads a handful of files, not hundreds.
//   node scripts/build.mjs STAMP
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const outPath = join(root, 'build')
const entries = {
  cli: 'src/cli.ts',
  'engine-child': 'src/engine/child/main.ts',
  'hash-worker': 'src/engine/hash-worker.ts',
  'rating-worker': 'src/boards/rating-worker.ts',
  ratings: 'src/ratings/index.ts',
}
const DAY_MS = 86_400_000

const present = Object.entries(entries).filter(([, path]) => existsSync(join(root, path)))
if (present.length === 0) throw new Error('there is nothing to build: src/cli.ts is missing')

process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.message}\n`) // the trace would show the bundler's insides
  process.exit(1)
})

const bundle = await rolldown({
  input: Object.fromEntries(present.map(([name, path]) => [name, join(root, path)])),
  platform: 'node',
  // Packages go in too: loading them file by file takes 0.3 s longer. These two are not there.
  external: ['pg-native', 'pino-pretty'],
})
const draft = join(outPath, `.draft-${process.pid}`)
await bundle.write({
  dir: draft,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name]-[hash].js',
  sourcemap: true,
})
await bundle.close()
putInPlace(draft)
writeFileSync(join(outPath, '.stamp'), process.argv[2] ?? '')

/** Entries come last and old chunks stay a day: a market that runs may still load them. */
function putInPlace(draftPath) {
  mkdirSync(outPath, { recursive: true })
  const names = readdirSync(draftPath).sort(
    (a, b) => Number(b.startsWith('chunk-')) - Number(a.startsWith('chunk-')),
  )
  for (const name of names) renameSync(join(draftPath, name), join(outPath, name))
  rmSync(draftPath, { recursive: true })
  for (const name of readdirSync(outPath)) {
    const isOld = Date.now() - statSync(join(outPath, name)).mtimeMs > DAY_MS
    if (isOld && name.startsWith('chunk-') && !names.includes(name)) rmSync(join(outPath, name))
  }
}
