import type { Random } from './generator.ts'

/** Mean 0, standard deviation 1. Exact: the polar method (Marsaglia & Bray 1964). */
export function normal(random: Random): number {
  for (;;) {
    const x = 2 * random() - 1
    const y = 2 * random() - 1
    const r = x * x + y * y
    if (r > 0 && r < 1) return x * Math.sqrt((-2 * Math.log(r)) / r)
  }
}
