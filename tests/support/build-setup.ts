import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../../scripts/build-if-stale.mjs'
import { root } from './build.ts'

/** Builds once for the run, when a source has changed since. Only tests that need it mind how. */
export default async function setup(): Promise<void> {
  if (existsSync(join(root, 'src', 'cli.ts'))) await build(root, process.execPath)
}
