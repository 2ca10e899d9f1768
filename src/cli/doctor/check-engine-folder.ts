import { findEngine } from '../../engine/index.ts'
import { type Check, ok, warning } from './check.ts'

/** Whether the engine could start; of use only while no market runs here. */
export function checkEngineFolder(engineFolder: string): Check {
  const found = findEngine(engineFolder)
  if (found.isFound)
    return ok('engine', `installed${found.gpu === false ? '' : `, with ${found.gpu}`}`)
  return warning('engine', 'it cannot start; everything else works', found.reason)
}
