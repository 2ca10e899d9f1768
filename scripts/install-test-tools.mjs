// Brings what tests need from the system and npm does not have. Only what is missing is fetched,
// and no service of the system is started.
//   node scripts/install-test-tools.mjs
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { showProgress } from './progress.mjs'

/** Debian's package, a file it brings, and what for. */
const tools = [
  {
    package: 'postgresql-15',
    file: '/usr/lib/postgresql/15/bin/postgres',
    use: 'the oldest database',
  },
  { package: 'faketime', file: '/usr/bin/faketime', use: 'clocks that are set while we run' },
  { package: 'nginx-light', file: '/usr/sbin/nginx', use: 'Baimo behind a proxy' },
  { package: 'chromium', file: '/usr/bin/chromium', use: 'pages as people see them' },
  {
    package: 'fonts-noto-cjk',
    file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc',
    use: 'Chinese text on them',
  },
]

/** Makes the tools present. Resolves to what is missing still, and whether that is a failure. */
export async function installTestTools() {
  const missing = tools.filter((tool) => !existsSync(tool.file))
  if (missing.length === 0) return { missing: [], hasFailed: false }
  const names = missing.map((tool) => tool.package)
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    const uses = missing.map((tool) => `${tool.package} (${tool.use})`).join(', ')
    process.stderr.write(
      `baimo: tests of what is not here are skipped: ${uses}. On Debian: sudo apt-get install ${names.join(' ')}\n`,
    )
    return { missing: names, hasFailed: process.env.CI !== undefined }
  }
  const done = showProgress(`installing ${names.join(', ')}`)
  const words = withoutServices(() => apt(names))
  done(words === null ? 'done' : 'failed')
  if (words !== null) process.stderr.write(`${words}\n`)
  return { missing: words === null ? [] : names, hasFailed: words !== null }
}

/** Null when all went well, otherwise what apt-get said. */
function apt(names) {
  const run = (args) =>
    spawnSync('apt-get', args, {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    })
  const install = ['install', '-y', '-q', '--no-install-recommends', ...names]
  if (run(install).status === 0) return null
  run(['update', '-q'])
  const second = run(install)
  return second.status === 0
    ? null
    : `${second.stdout ?? ''}${second.stderr ?? second.error}`.trim()
}

/** Debian starts the services of what it installs, unless this file says no. */
function withoutServices(work) {
  const path = '/usr/sbin/policy-rc.d'
  if (existsSync(path)) return work()
  writeFileSync(path, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return work()
  } finally {
    rmSync(path)
  }
}

if (realpathSync(process.argv[1] ?? '') === realpathSync(fileURLToPath(import.meta.url))) {
  const { hasFailed } = await installTestTools()
  process.exitCode = hasFailed ? 1 : 0
}
