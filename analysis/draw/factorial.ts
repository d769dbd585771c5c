const TABLE = 4_096
const known = new Float64Array(TABLE)
for (let n = 1; n < TABLE; n++) known[n] = stirling(n)

/** ln n! for an integer n ≥ 0, to about 1e-15 of its value. */
export const lnFactorial = (n: number): number => (n < TABLE ? (known[n] ?? 0) : stirling(n))

/** The series in 1/z at z ≥ 16, and down from there by the recurrence. */
function stirling(n: number): number {
  let z = n + 1
  let below = 0
  for (; z < 16; z++) below += Math.log(z)
  const i = 1 / (z * z)
  const series = (1 / 12 - i * (1 / 360 - i * (1 / 1260 - i * (1 / 1680 - i / 1188)))) / z
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - below
}
