import { expect, it } from 'vitest'
import { refuseResolution } from './refuse-resolution.ts'

it.each([
  [{ kind: 'unknown', nearest: ['a/b'] }, 'catalog_model_unknown', 'a/b'],
  [{ kind: 'unknown', nearest: [] }, 'catalog_model_unknown', 'no model "x"'],
  [{ kind: 'ambiguous', candidates: ['a/x', 'b/x'] }, 'catalog_model_ambiguous', 'a/x or b/x'],
  [{ kind: 'no-live-listing', modelName: 'a/x' }, 'catalog_model_off', 'a/x'],
] as const)('says what to do about %j', (resolution, code, text) => {
  const refusal = refuseResolution('x', resolution)
  expect(refusal).toMatchObject({ code, param: 'model' })
  expect(refusal.message).toContain(text)
})
