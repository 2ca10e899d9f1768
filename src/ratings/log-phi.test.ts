import { expect, test } from 'vitest'
import { inverseMills, logPhi, logScaledPhi, scaledErfc } from './log-phi.ts'

// By arithmetic of 40 digits.
const truths = [
  { x: -40, logPhi: -804.6084420137538, scaled: 0.014100335983377814 },
  { x: -10, logPhi: -53.23128515051247, scaled: 0.05614099274382259 },
  { x: -5.5, logPhi: -17.77937635262526, scaled: 0.10096221839949909 },
  { x: -3, logPhi: -6.607726221510349, scaled: 0.17900115118138996 },
  { x: -0.6, logPhi: -1.293703811614028, scaled: 0.567804717386587 },
  { x: -0.3, logPhi: -0.9621028181688507, scaled: 0.7345993345676551 },
  { x: 0, logPhi: -Math.LN2, scaled: 1 },
  { x: 0.3, logPhi: -0.4814101615884812, scaled: 0.7345993345676551 },
  { x: 0.66, logPhi: -0.29387040027781763, scaled: 0.5420251822687423 },
  { x: 1, logPhi: -0.17275377902344988, scaled: 0.427583576155807 },
  { x: 3, logPhi: -0.0013508099647481938, scaled: 0.17900115118138996 },
  { x: 6, logPhi: -9.865876455243758e-10, scaled: 0.09277656780053835 },
  { x: 9, logPhi: -1.1285884059538405e-19, scaled: 0.06230772403777468 },
]

test.each(truths)('ln Φ and the scaled error function are right at $x', (truth) => {
  expect(Math.abs(logPhi(truth.x) / truth.logPhi - 1)).toBeLessThan(1e-14)
  expect(Math.abs(scaledErfc(Math.abs(truth.x)) / truth.scaled - 1)).toBeLessThan(2e-15)
})

test('the left tail goes on where Φ itself underflows', () => {
  expect(logPhi(-1e5)).toBeCloseTo(-0.5e10 - Math.log(1e5) - 0.5 * Math.log(2 * Math.PI), 4)
  expect(logScaledPhi(-1e5)).toBeCloseTo(-Math.log(1e5 * Math.sqrt(2 * Math.PI)), 8)
})

test('φ/Φ is the slope of ln Φ', () => {
  for (const x of [-20, -2, 0, 1.5, 4])
    expect(inverseMills(x)).toBeCloseTo((logPhi(x + 1e-5) - logPhi(x - 1e-5)) / 2e-5, 6)
})
