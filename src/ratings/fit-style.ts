import { assert } from '../kernel/index.ts'
import { at } from './at.ts'
import { addGauges, addTo, centre, cutBlock, inverseOf, logDeterminant, sandwich } from './dense.ts'
import { refuse } from './errors.ts'
import { findComponents } from './find-components.ts'
import { logistic, logLogistic } from './logistic.ts'
import { type Concave, type Maximum, maximise } from './maximise.ts'
import type { Matrix } from './types.ts'
import type { StyleCoefficient, StyledVotes, StyleFit } from './types-models.ts'

const NATURAL_PER_RATING = Math.log(10)

export interface StyleOptions {
  /** Weight of ½·penalty·β² on each coefficient of style, not of position; 0.5 when absent. */
  readonly stylePenalty?: number
  /** Whether the side an answer stood on has a coefficient of its own; true when absent. */
  readonly hasPosition?: boolean
  /**
   * Whether strengths and coefficients get the penalty of Jeffreys, ½ log det of the joint
   * information, which keeps all of them finite from the first vote; false when absent.
   */
  readonly isPenalised?: boolean
}

/**
 * Strengths with style and position taken out, by the exact optimum of
 * Σ log σ(±(θ_left − θ_right + d·β + position)) − ½·penalty·Σβ², d the contrasts divided by their
 * root mean square and not centred. Errors are clustered by rater where raters are known.
 * Refuses with `ratings_no_maximum` when some strength would be infinite.
 */
export function fitStyle(votes: StyledVotes, options: StyleOptions = {}): StyleFit {
  const { stylePenalty = 0.5, hasPosition = true, isPenalised = false } = options
  const scaled = scale(votes, false)
  const design = designOf(votes, {
    scaled,
    hasPosition,
    stylePenalty,
    ratingPenalty: 0,
    isPenalised,
  })
  return describe(design, scaled.scales, solveFor(design))
}

/**
 * FastChat's own objective, at its exact optimum, for comparison: contrasts centred and divided by
 * their population standard deviation, ½·0.5 times the squares of ratings (of 400 points) and
 * coefficients taken off, no position. Standard errors are as in `fitStyle`: FastChat has none.
 */
export function fitFastchatStyle(votes: StyledVotes): StyleFit {
  const scaled = scale(votes, true)
  const design = designOf(votes, {
    scaled,
    hasPosition: false,
    stylePenalty: 0.5,
    ratingPenalty: 0.5 / NATURAL_PER_RATING ** 2,
    isPenalised: false,
  })
  return describe(design, scaled.scales, solveFor(design))
}

/** (a − b)/(a + b + 1): how far two answers' counts of a feature are apart, from −1 to 1. */
export function contrast(a: number, b: number): number {
  return (a - b) / (a + b + 1)
}

interface Scaled {
  readonly columns: readonly Float64Array[]
  readonly scales: readonly number[]
}

/** Contrasts by feature, divided by their root mean square, of the centred ones if wanted. */
function scale({ contrasts, features, points }: StyledVotes, isCentred: boolean): Scaled {
  const F = features.length
  const k = points.length
  const scales: number[] = []
  const columns = features.map((_, f) => {
    const column = Float64Array.from({ length: k }, (__, vote) => at(contrasts, vote * F + f))
    const mean = isCentred ? column.reduce((sum, d) => sum + d, 0) / k : 0
    const squares = column.reduce((sum, d) => sum + (d - mean) ** 2, 0) / k
    const divisor = squares > 0 ? Math.sqrt(squares) : 1 // a feature that nobody uses stays 0
    scales.push(divisor)
    return column.map((d) => (d - mean) / divisor)
  })
  return { columns, scales }
}

/** The regression: θ of n models, then the coefficients. */
interface Design {
  readonly votes: StyledVotes
  readonly names: readonly string[]
  readonly columns: readonly Float64Array[]
  readonly size: number
  /** By parameter: the weight of ½·penalty·parameter². */
  readonly penalty: Float64Array
  readonly component: Int32Array
  readonly components: number
  readonly isGauged: boolean
  readonly isPenalised: boolean
}

interface DesignOptions {
  readonly scaled: Scaled
  readonly hasPosition: boolean
  readonly stylePenalty: number
  readonly ratingPenalty: number
  readonly isPenalised: boolean
}

function designOf(votes: StyledVotes, options: DesignOptions): Design {
  const { scaled, hasPosition, stylePenalty, ratingPenalty } = options
  const n = votes.models.length
  const position = hasPosition ? [new Float64Array(votes.points.length).fill(1)] : []
  const columns = [...scaled.columns, ...position]
  const size = n + columns.length
  const penalty = new Float64Array(size).fill(ratingPenalty, 0, n)
  penalty.fill(stylePenalty, n, n + scaled.columns.length)
  const { component, components } = findComponents({
    models: votes.models,
    first: votes.left,
    second: votes.right,
    firstWins: votes.points,
    secondWins: votes.points,
    ties: votes.points,
    bothBad: votes.points,
  })
  return {
    votes,
    names: hasPosition ? [...votes.features, 'position'] : votes.features,
    columns,
    size,
    penalty,
    component,
    components,
    isGauged: ratingPenalty === 0,
    isPenalised: options.isPenalised,
  }
}

function solveFor(design: Design): Maximum {
  const found = maximise(problemOf(design), new Float64Array(design.size))
  if (found !== null) return found
  throw refuse(
    'ratings_no_maximum',
    'With style taken out some strength would be infinite. Wait for more votes, or leave style in.',
  )
}

function problemOf(design: Design): Concave {
  const { votes, penalty, isPenalised } = design
  return {
    value(x) {
      let total = logLikelihood(design, x)
      for (let p = 0; p < x.length; p++) total -= (at(penalty, p) * at(x, p) ** 2) / 2
      return isPenalised ? total + halfLogDeterminant(design, x) : total
    },
    slope(x) {
      const leverage = isPenalised ? leverageOf(design, x) : null
      const gradient = x.map((number, p) => -at(penalty, p) * number)
      for (let vote = 0; vote < votes.points.length; vote++)
        addScore(design, x, { vote, gradient, h: leverage === null ? 0 : at(leverage, vote) })
      return { gradient, curvature: curvatureOf(design, x, leverage).matrix }
    },
  }
}

function halfLogDeterminant(design: Design, x: Float64Array): number {
  const { matrix, gauges } = curvatureOf(design, x, null)
  return (logDeterminant(matrix, design.size) - gauges) / 2
}

/** Of each vote: pq·rᵀH⁻¹r, r its row of the regression. */
function leverageOf(design: Design, x: Float64Array): Float64Array {
  const { votes, columns, size } = design
  const inverse = inverseOf(curvatureOf(design, x, null).matrix, size)
  if (inverse === null) return new Float64Array(votes.points.length)
  const { row, places } = openRow(design)
  return votes.points.map((_, vote) => {
    fillRow(design, vote, { row, places })
    const z = leanOf(design, x, vote)
    let square = 0
    for (let i = 0; i < columns.length + 2; i++)
      for (let j = 0; j < columns.length + 2; j++)
        square += at(row, i) * at(row, j) * at(inverse, at(places, i) * size + at(places, j))
    return logistic(z) * logistic(-z) * square
  })
}

function logLikelihood(design: Design, x: Float64Array): number {
  const { points } = design.votes
  let total = 0
  for (let vote = 0; vote < points.length; vote++) {
    const z = leanOf(design, x, vote)
    total += at(points, vote) * logLogistic(z) + (1 - at(points, vote)) * logLogistic(-z)
  }
  return total
}

/** The logit of the left one's chance. */
function leanOf({ votes, columns }: Design, x: Float64Array, vote: number): number {
  const n = votes.models.length
  let z = at(x, at(votes.left, vote)) - at(x, at(votes.right, vote))
  for (const [c, column] of columns.entries()) z += at(x, n + c) * at(column, vote)
  return z
}

/** Adds a vote's slope of the log-likelihood. */
function addScore(
  design: Design,
  x: Float64Array,
  { vote, gradient, h = 0 }: { vote: number; gradient: Float64Array; h?: number },
): void {
  const { votes, columns } = design
  const n = votes.models.length
  const p = logistic(leanOf(design, x, vote))
  const residual = at(votes.points, vote) - p + h * (0.5 - p)
  const [left, right] = [at(votes.left, vote), at(votes.right, vote)]
  addTo(gradient, left, residual)
  addTo(gradient, right, -residual)
  for (const [c, column] of columns.entries()) addTo(gradient, n + c, residual * at(column, vote))
}

/**
 * Minus the second derivatives of the objective, with a gauge for each component, and Σ ln c of
 * those. With the leverage of each vote, what a penalised step is divided by.
 */
function curvatureOf(design: Design, x: Float64Array, leverage: Float64Array | null) {
  const { votes, size, penalty } = design
  const matrix = new Float64Array(size * size)
  const { row, places } = openRow(design)
  for (let vote = 0; vote < votes.points.length; vote++) {
    const z = leanOf(design, x, vote)
    const by = logistic(z) * logistic(-z) * (1 + (leverage === null ? 0 : at(leverage, vote)))
    fillRow(design, vote, { row, places })
    addOuter(matrix, size, { row, places, by })
  }
  for (let p = 0; p < size; p++) addTo(matrix, p * size + p, at(penalty, p))
  const gauges = design.isGauged ? addGauges(matrix, size, design) : 0
  return { matrix, gauges }
}

/** A vote's row of the regression, without its zeros: where its numbers stand, and which. */
function openRow({ votes, columns }: Design): Pick<Outer, 'row' | 'places'> {
  const n = votes.models.length
  const places = Int32Array.from({ length: columns.length + 2 }, (_, at) => n + at - 2)
  return { row: new Float64Array(columns.length + 2), places }
}

function fillRow(
  { votes, columns }: Design,
  vote: number,
  { row, places }: Pick<Outer, 'row' | 'places'>,
): void {
  places[0] = at(votes.left, vote)
  places[1] = at(votes.right, vote)
  row[0] = 1
  row[1] = -1
  for (const [c, column] of columns.entries()) row[c + 2] = at(column, vote)
}

interface Outer {
  readonly row: Float64Array
  readonly places: Int32Array
  readonly by: number
}

function addOuter(matrix: Matrix, size: number, { row, places, by }: Outer): void {
  for (let i = 0; i < row.length; i++)
    for (let j = 0; j < row.length; j++) {
      addTo(matrix, at(places, i) * size + at(places, j), by * at(row, i) * at(row, j))
    }
}

function describe(design: Design, scales: readonly number[], found: Maximum): StyleFit {
  const { votes, size, names } = design
  const n = votes.models.length
  const inverse = inverseOf(curvatureOf(design, found.x, null).matrix, size)
  assert(inverse !== null, 'the curvature at a maximum has an inverse')
  const robust = sandwichOf(design, found.x, inverse)
  const theta = found.x.slice(0, n)
  const coefficients = names.map(
    (name, c): StyleCoefficient => ({
      name,
      value: at(found.x, n + c),
      se: Math.sqrt(at(robust, (n + c) * size + n + c)),
      scale: scales[c] ?? 1,
    }),
  )
  return {
    models: votes.models,
    theta,
    component: design.component,
    components: design.components,
    coefficients,
    V: centre(cutBlock(inverse, size, n), design),
    covariance: cutBlock(robust, size, n),
    lean: votes.points.map((_, vote) => leanOf(design, found.x, vote)),
    isPenalised: design.isPenalised,
    logLikelihood: logLikelihood(design, found.x),
    gradientNorm: found.gradientNorm,
    steps: found.steps,
  }
}

/** H⁻¹·Σ s·sᵀ·H⁻¹, s the summed scores of a rater, or of a vote where raters are unknown. */
function sandwichOf(design: Design, x: Float64Array, inverse: Matrix): Matrix {
  const { votes, size } = design
  const filling = new Float64Array(size * size)
  const score = new Float64Array(size)
  for (const cluster of clustersOf(votes)) {
    for (const vote of cluster) addScore(design, x, { vote, gradient: score })
    const places = Int32Array.from(touchedBy(design, cluster))
    const row = Float64Array.from(places, (place) => at(score, place))
    addOuter(filling, size, { row, places, by: 1 })
    for (const place of places) score[place] = 0
  }
  return sandwich(inverse, filling, size)
}

/** The parameters that some of these votes say something of. */
function touchedBy({ votes, size }: Design, cluster: readonly number[]): Set<number> {
  const touched = new Set<number>()
  for (const vote of cluster) touched.add(at(votes.left, vote)).add(at(votes.right, vote))
  for (let place = votes.models.length; place < size; place++) touched.add(place)
  return touched
}

/** The votes of each rater; each vote alone where raters are unknown. */
function clustersOf({ rater, points }: StyledVotes): Iterable<readonly number[]> {
  const clusters = new Map<number, number[]>()
  for (let vote = 0; vote < points.length; vote++) {
    const of = rater === null ? vote : at(rater, vote)
    const own = clusters.get(of)
    if (own === undefined) clusters.set(of, [vote])
    else own.push(vote)
  }
  return clusters.values()
}
