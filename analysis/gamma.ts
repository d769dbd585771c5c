/**
 * ln Γ(z) for z > 0, to about 1e-14 relative: shifted to z ≥ 15, then Stirling's series (analysis.md 3.5).
 * Throws RangeError for z ≤ 0.
 */
export function lnGamma(z: number): number {
  if (!(z > 0)) throw new RangeError(`lnGamma needs a positive number, not ${z}`)
  let shift = 1
  let at = z
  for (; at < 15; at++) shift *= at
  return (at - 0.5) * Math.log(at) - at + HALF_LN_2PI + stirling(at) - Math.log(shift)
}

/** ln of the multivariate beta function Π Γ(a_i) / Γ(Σ a_i); of two values it is the plain one. */
export function lnBeta(values: readonly number[]): number {
  let sum = 0
  let ln = 0
  for (const value of values) {
    sum += value
    ln += lnGamma(value)
  }
  return ln - lnGamma(sum)
}

const HALF_LN_2PI = Math.log(2 * Math.PI) / 2

function stirling(z: number): number {
  const square = 1 / (z * z)
  return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / z
}
