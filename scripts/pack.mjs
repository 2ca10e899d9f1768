// What npm packs: the built program alone, with a lockfile that travels with it. npm leaves
// package-lock.json out of packages and keeps npm-shrinkwrap.json, which is the same.
//   node scripts/pack.mjs before|after
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build-if-stale.mjs'
import { install, nodeBinary } from './install.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const shrinkwrap = join(root, 'npm-shrinkwrap.json')
const ignore = join(root, 'build', '.npmignore')

process.exitCode = process.argv[2] === 'after' ? after() : await before()

async function before() {
  const node = nodeBinary(root)
  if (node === null || !(await install(root, node)) || !(await build(root, node))) return 1
  copyFileSync(join(root, 'package-lock.json'), shrinkwrap)
  const files = filesOf('cli.js', 'engine-child.js')
  writeFileSync(ignore, ['*', ...files.map((name) => `!${name}`)].join('\n'))
  return 0
}

function after() {
  for (const path of [shrinkwrap, ignore]) rmSync(path, { force: true })
  return 0
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
