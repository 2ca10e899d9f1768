import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../../scripts/build-if-stale.mjs'
import { root } from './build.ts'

/** Builds the program once for the run, when a source has changed since. */
export default async function setup(): Promise<void> {
  if (!existsSync(join(root, 'src', 'cli.ts'))) return // nothing to start yet
  if (!(await build(root, process.execPath))) throw new Error('the program does not build')
}
