import { logSumExp } from './grid.ts'

/** The restart mixture of analysis.md 3.2: every slot multiplies the factors since its own start. All numbers are logarithms. */
export type Slots = {
  /** Nothing once all are used. */
  begin: () => void
  multiply: (factors: Float64Array) => void
  lnE: () => number
  reaches: (threshold: number) => boolean
  lnSlots: () => number[]
  /** ln E if these were multiplied next. */
  lnAfter: (factors: Float64Array) => number
  lnSlotsAfter: (factors: Float64Array) => number[]
  /** What has begun counts 1 from now on. */
  forget: () => void
  clear: () => void
}

/** `count` slots over `k` alternatives; slots that have not begun count 1. */
export function openSlots(count: number, k: number): Slots {
  const products = Array.from({ length: count }, () => new Float64Array(k))
  const known = new Float64Array(count)
  const lnCount = Math.log(count)
  let oldest = 0
  let begun = 0
  let isStale = false
  const lnSlots = (): Float64Array => {
    if (isStale) for (let j = oldest; j < begun; j++) known[j] = average(products[j])
    isStale = false
    return known
  }
  const lnE = (): number => logSumExp(lnSlots()) - lnCount
  const after = (factors: Float64Array): Float64Array =>
    lnSlots().map((ln, j) => (j < oldest || j >= begun ? ln : averageOfProduct(products[j], factors)))
  return {
    begin() {
      if (begun < count) products[begun++]?.fill(0)
    },
    multiply(factors) {
      for (let j = oldest; j < begun; j++) multiplyInto(products[j], factors)
      isStale = true
    },
    lnE,
    reaches: (threshold) => mayReach(products.slice(oldest, begun), count, threshold) && lnE() >= threshold,
    lnSlots: () => Array.from(lnSlots().subarray(0, begun)),
    lnAfter: (factors) => logSumExp(after(factors)) - lnCount,
    lnSlotsAfter: (factors) => Array.from(after(factors).subarray(0, begun)),
    forget() {
      known.fill(0, oldest, begun)
      oldest = begun
    },
    clear() {
      known.fill(0)
      oldest = begun = 0
    },
  }
}

const NONE = new Float64Array(0)

const average = (product: Float64Array = NONE): number => logSumExp(product) - Math.log(product.length)

function averageOfProduct(product: Float64Array = NONE, factors: Float64Array = NONE): number {
  let most = -Infinity
  for (let i = 0; i < product.length; i++) {
    const value = (product[i] ?? 0) + (factors[i] ?? 0)
    if (value > most) most = value
  }
  let sum = 0
  for (let i = 0; i < product.length; i++) sum += Math.exp((product[i] ?? 0) + (factors[i] ?? 0) - most)
  return most + Math.log(sum) - Math.log(product.length)
}

function multiplyInto(product: Float64Array = NONE, factors: Float64Array = NONE): void {
  for (let i = 0; i < product.length; i++) product[i] = (product[i] ?? 0) + (factors[i] ?? 0)
}

/** More than the sums can lose by rounding. */
const SLACK = 1e-9

/** No average is above its largest term; what has not begun counts 1. */
function mayReach(live: Float64Array[], count: number, threshold: number): boolean {
  const least = threshold - SLACK
  if (live.length < count && least <= 0) return true
  for (const product of live) {
    for (let i = 0; i < product.length; i++) if ((product[i] ?? -Infinity) >= least) return true
  }
  return false
}
