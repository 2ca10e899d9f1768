// `npm run -s bench -- NAME …` runs bench/NAME.ts; without a name it lists what there is.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runScript } from './spawn.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, 'bench')
const [name, ...args] = process.argv.slice(2)
const names = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => /^[a-z0-9-]+\.ts$/.test(file))
      .map((file) => file.slice(0, -3))
  : []

if (name !== undefined && names.includes(name)) {
  process.exitCode = await runScript(process.execPath, root, `bench/${name}.ts`, args)
} else {
  process.stderr.write(
    names.length === 0
      ? 'baimo: there is no bench yet\n'
      : `baimo: benches: ${names.join(', ')}. Run one: npm run -s bench -- NAME\n`,
  )
  process.exitCode = name === undefined ? 0 : 1
}
