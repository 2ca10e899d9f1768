// Rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error
// function", Mathematics of Computation 23 (1969): within 1e-15 of the truth, relatively.
const NEAR_TOP = [
  0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
]
const NEAR_BOTTOM = [
  1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171,
]
const MIDDLE_TOP = [
  2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163,
  298.6351381974001, 881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
]
const MIDDLE_BOTTOM = [
  1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903,
  3290.7992357334597, 4362.619090143247, 3439.3676741437216, 1230.3393548037495,
]
const FAR_TOP = [
  0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926,
  0.016083785148742275, 0.0006587491615298378,
]
const FAR_BOTTOM = [
  1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132,
  0.0023352049762686918,
]

const NEAR = 0.46875
const FAR = 4
const ROOT_PI = Math.sqrt(Math.PI)

/**
 * exp(x²)·erfc(x) for x ≥ 0: the complementary error function without the factor that underflows.
 * Between 0 and 1, relative error below 1e-15 or so.
 */
export function scaledErfc(x: number): number {
  if (x <= NEAR) {
    const square = x * x
    return (
      Math.exp(square) * (1 - (x * polynomial(NEAR_TOP, square)) / polynomial(NEAR_BOTTOM, square))
    )
  }
  if (x <= FAR) return polynomial(MIDDLE_TOP, x) / polynomial(MIDDLE_BOTTOM, x)
  const inverse = 1 / (x * x)
  const rest = (inverse * polynomial(FAR_TOP, inverse)) / polynomial(FAR_BOTTOM, inverse)
  return (1 / ROOT_PI - rest) / x
}

/** The first coefficient stands before the highest power. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0
  for (const coefficient of coefficients) sum = sum * x + coefficient
  return sum
}

/** ln Φ(x), Φ the distribution function of the normal law; right in both tails. */
export function logPhi(x: number): number {
  if (x < 0) return logScaledPhi(x) - (x * x) / 2
  const y = x * Math.SQRT1_2
  return Math.log1p(-0.5 * scaledErfc(y) * Math.exp(-y * y))
}

/** ln Φ(x) + x²/2: what stays of ln Φ in the left tail once its square is taken out. */
export function logScaledPhi(x: number): number {
  if (x < 0) return Math.log(0.5 * scaledErfc(-x * Math.SQRT1_2))
  return logPhi(x) + (x * x) / 2
}

/** φ(x)/Φ(x), the derivative of ln Φ; right in both tails. */
export function inverseMills(x: number): number {
  return Math.exp(-logScaledPhi(x)) / Math.sqrt(2 * Math.PI)
}
