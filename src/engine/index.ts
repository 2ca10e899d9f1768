export { engineErrors } from './errors.ts'
export { type GgufFacts, inspectFile, type OnProgress } from './inspect-file.ts'
export { defaultLimits, type Engine, type EngineOptions, openEngine } from './open-engine.ts'
export type { EngineLimits, EngineState, RegisteredModel } from './types.ts'
