// Builds only when a source is not what the last build saw: a look at names, sizes and times
// takes a few milliseconds.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { showProgress } from './progress.mjs'

const inputs = ['src', 'scripts/build.mjs', 'package-lock.json']

/** Whether `build/` fits the sources now. An installed package has no sources and is built. */
export async function build(root, node) {
  if (!existsSync(join(root, 'src'))) return existsSync(join(root, 'build', 'cli.js'))
  const stamp = stampOf(root)
  const path = join(root, 'build', '.stamp')
  if (existsSync(path) && readFileSync(path, 'utf8') === stamp) return true
  const done = showProgress('building')
  const code = await run(node, [join(root, 'scripts', 'build.mjs'), stamp], root)
  done(code === 0 ? 'done' : 'failed')
  return code === 0
}

function run(node, args, cwd) {
  const child = spawn(node, args, { stdio: ['ignore', 2, 2], cwd })
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

function stampOf(root) {
  const hash = createHash('sha256')
  for (const input of inputs) addTo(hash, root, input)
  return hash.digest('hex')
}

function addTo(hash, root, path) {
  const stats = statSync(join(root, path))
  if (stats.isDirectory()) {
    for (const name of readdirSync(join(root, path)).sort()) addTo(hash, root, `${path}/${name}`)
  } else if (!path.endsWith('.test.ts') && !path.endsWith('.md')) {
    hash.update(`${path} ${stats.size} ${stats.mtimeMs}\n`)
  }
}
