// edge: looks for packages on the disk.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const binaryPackages: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
}

export type FoundEngine =
  | { readonly isFound: true; readonly entryPath: string; readonly gpu: false | 'metal' }
  | { readonly isFound: false; readonly reason: string }

/** Where node-llama-cpp lies in `engineFolder`, or why it cannot run here and what to do. */
export function findEngine(
  engineFolder: string,
  platform: string = `${process.platform}-${process.arch}`,
): FoundEngine {
  const binary = binaryPackages[platform]
  if (binary === undefined)
    return {
      isFound: false,
      reason: `The engine has no binary for ${platform}. Add Ollama, llama.cpp or vLLM with "baimo add" instead (docs/engine.md).`,
    }
  const missing = `The engine is not installed in ${engineFolder}. Run "npm ci --ignore-scripts" in that folder and start again.`
  const requireThere = createRequire(join(engineFolder, 'package.json'))
  try {
    const entryPath = requireThere.resolve('node-llama-cpp')
    const modules = dirname(dirname(dirname(entryPath)))
    if (!existsSync(join(modules, '@node-llama-cpp', binary, 'package.json')))
      return { isFound: false, reason: missing }
    return { isFound: true, entryPath, gpu: platform === 'darwin-arm64' ? 'metal' : false }
  } catch {
    return { isFound: false, reason: missing } // not resolvable is what `missing` says
  }
}
