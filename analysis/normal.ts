/** The standard normal quantile of the middle `confidence`, in (0, 1): 1.96 for 0.95. Throws RangeError outside. */
export function twoSidedQuantile(confidence: number): number {
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`a confidence has to lie between 0 and 1, not ${confidence}`)
  }
  let z = 0
  for (;;) {
    // Newton from 0: the distribution is concave above it, so that every step falls short and none is too far.
    const next = z + (confidence / 2 - middleHalf(z)) / density(z)
    if (!(next > z)) return z
    z = next
  }
}

/** Of the standard normal distribution. */
export const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

/** P(0 < Z < z) for z ≥ 0, by Marsaglia's series (2004). */
export function middleHalf(z: number): number {
  let term = z
  let sum = z
  for (let i = 3; sum + term !== sum; i += 2) {
    term *= (z * z) / i
    sum += term
  }
  return z === 0 ? 0 : density(z) * sum
}
