// The way in, on any Node ≥ 20 and every platform: brings the pinned Node, then the packages, then
// builds, then runs the program on that Node. What is done already is not done again.
//   node scripts/run.mjs start|test|bench|cli [arguments]
import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export async function main(mode, args) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE)
    return fail(
      `Node ${OLDEST_NODE} or later is needed to start (it brings Node 26 itself). This is Node ${process.versions.node}.`,
    )
  const { install, nodeBinary } = await import('./install.mjs')
  const { build } = await import('./build-if-stale.mjs')
  const { runScript, runProgram } = await import('./spawn.mjs')
  const node = nodeBinary(root)
  if (node === null)
    return fail(
      `Baimo runs on Linux and macOS (x64, arm64) and Windows (x64), not on ${process.platform}-${process.arch}.`,
    )
  if (!['start', 'test', 'bench', 'cli'].includes(mode))
    return fail('usage: node scripts/run.mjs start|test|bench|cli [arguments]')
  if (!(await install(root, node))) return 1
  if (mode === 'test') return runScript(node, root, 'scripts/test.mjs', args)
  if (mode === 'bench') return runScript(node, root, 'scripts/bench.mjs', args)
  if (!(await build(root, node))) return 1
  return runProgram(node, root, mode === 'start' ? ['start', ...args] : args)
}

function fail(message) {
  process.stderr.write(`baimo: ${message}\n`)
  return 1
}

const isEntry =
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))
if (isEntry) {
  main(process.argv[2], process.argv.slice(3)).then((code) => {
    process.exitCode = code
  })
}
