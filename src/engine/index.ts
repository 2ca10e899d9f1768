export { dispatchWhenReady } from './dispatch-when-ready.ts'
export { engineErrors } from './errors.ts'
export { type FoundEngine, findEngine } from './find-engine.ts'
export {
  type GgufFacts,
  type InspectOptions,
  inspectFile,
  type OnProgress,
} from './inspect-file.ts'
export { defaultLimits, type Engine, type EngineOptions, openEngine } from './open-engine.ts'
export { type Hasher, openHasher } from './open-hasher.ts'
export type { EngineLimits, EngineState, HashFiles, RegisteredModel } from './types.ts'
