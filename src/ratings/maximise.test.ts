import { describe, expect, it } from 'vitest'
import { type Concave, maximise } from './maximise.ts'

describe('the maximum of a concave function', () => {
  it('is found from far off, with long steps cut and falls halved', () => {
    // −√(1 + x²): plain Newton steps from x = 3 overshoot further each time.
    const root: Concave = {
      value: ([x = 0]) => -Math.sqrt(1 + x * x),
      slope: ([x = 0]) => ({
        gradient: Float64Array.of(-x / Math.sqrt(1 + x * x)),
        curvature: Float64Array.of((1 + x * x) ** -1.5),
      }),
    }
    const found = maximise(root, Float64Array.of(3))
    expect(found?.x[0]).toBeCloseTo(0, 9)
    expect(found?.gradientNorm).toBeLessThan(1e-9)
  })

  it('is not there when the function rises for ever or is flat', () => {
    const rising: Concave = {
      value: ([x = 0]) => -Math.exp(-x),
      slope: ([x = 0]) => ({
        gradient: Float64Array.of(Math.exp(-x)),
        curvature: Float64Array.of(Math.exp(-x)),
      }),
    }
    expect(maximise(rising, Float64Array.of(0))).toBeNull()
    const flat: Concave = {
      value: () => 0,
      slope: () => ({ gradient: Float64Array.of(0), curvature: Float64Array.of(0) }),
    }
    expect(maximise(flat, Float64Array.of(0))).toBeNull()
  })
})
