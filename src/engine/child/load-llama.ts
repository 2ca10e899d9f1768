// edge: loads native code out of a folder.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isJsonObject, parseJson } from '../../kernel/index.ts'
import { findEngine } from '../find-engine.ts'
import type { LlamaModule } from './llama-api.ts'
import type { LlamaRuntime } from './loaded-model.ts'

function readVersion(entryPath: string): string {
  const manifest = join(dirname(dirname(entryPath)), 'package.json')
  const json = parseJson(readFileSync(manifest, 'utf8'))
  const version = isJsonObject(json) ? json.version : undefined
  return `node-llama-cpp-${typeof version === 'string' ? version : 'unknown'}`
}

/** Loads node-llama-cpp out of its own folder. Throws where `findEngine` would have said so. */
export async function loadLlama(
  engineFolder: string,
  options: { threads: number; onLog: (level: string, message: string) => void },
): Promise<LlamaRuntime> {
  const found = findEngine(engineFolder)
  if (!found.isFound) throw new Error(found.reason)
  const module: LlamaModule = await import(pathToFileURL(found.entryPath).href)
  const llama = await module.getLlama({
    build: 'never',
    gpu: found.gpu,
    progressLogs: false,
    logLevel: 'error',
    logger: options.onLog,
    maxThreads: options.threads,
  })
  return { module, llama, version: readVersion(found.entryPath) }
}
