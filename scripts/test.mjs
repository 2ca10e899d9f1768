// Everything that CI runs: formatter and linter, types, tests. The last line counts them all:
//   N passed, N failed[, N skipped]
// Lines before it name the groups of tests that were skipped, and say why where it is in the name.
// Arguments go to the test runner: `npm test -- src/store`.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installTestTools } from './install-test-tools.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const require = createRequire(import.meta.url)
const counts = { passed: 0, failed: 0, skipped: 0, skippedGroups: new Set() }

const { hasFailed } = await installTestTools()
if (hasFailed) counts.failed += 1
await check('format and lint', '@biomejs/biome', 'biome', ['check', '.'])
await check('types', 'typescript', 'tsc', [])
await runTests(process.argv.slice(2))

for (const group of counts.skippedGroups) process.stdout.write(`skipped: ${group}\n`)
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0

async function check(what, packageName, command, args) {
  process.stdout.write(`\n— ${what}\n`)
  const code = await run(commandOf(packageName, command), args)
  counts[code === 0 ? 'passed' : 'failed'] += 1
}

/** The test runner counts its own; an error outside any test counts as one that failed. */
async function runTests(args) {
  process.stdout.write('\n— tests\n')
  const folder = mkdtempSync(join(tmpdir(), 'baimo-counts-'))
  const path = join(folder, 'counts.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  const code = await run(commandOf('vitest', 'vitest'), ['run', ...reporters, ...args])
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  rmSync(folder, { recursive: true })
  const failed = (report.numFailedTests ?? 0) + filesThatDidNotRun(report)
  counts.passed += report.numPassedTests ?? 0
  counts.failed += code !== 0 && failed === 0 ? 1 : failed
  counts.skipped += (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0)
  for (const file of report.testResults ?? [])
    for (const test of file.assertionResults)
      if (['skipped', 'pending', 'todo'].includes(test.status))
        counts.skippedGroups.add(test.ancestorTitles.find(Boolean) ?? test.fullName)
}

function filesThatDidNotRun(report) {
  const files = report.testResults ?? []
  const hasFailure = (file) => file.assertionResults.some((test) => test.status === 'failed')
  return files.filter((file) => file.status === 'failed' && !hasFailure(file)).length
}

/** The script of a package's command: run by this Node, whatever the shell would find. */
function commandOf(packageName, command) {
  const manifestPath = require.resolve(`${packageName}/package.json`)
  const { bin } = JSON.parse(readFileSync(manifestPath, 'utf8'))
  return join(dirname(manifestPath), typeof bin === 'string' ? bin : bin[command])
}

function run(script, args) {
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit', cwd: root })
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (code) => resolve(code ?? 1))
  })
}
