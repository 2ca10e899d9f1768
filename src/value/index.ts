export { estimateSurvival, type Life, type SurvivalStep } from './estimate-survival.ts'
