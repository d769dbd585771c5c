/** The place between `inside` and `outside` where `isInside` ends, to the last digit. Either may be the larger. */
export function borderOf(inside: number, outside: number, isInside: (at: number) => boolean): number {
  for (;;) {
    const middle = (inside + outside) / 2
    if (middle === inside || middle === outside) return middle
    if (isInside(middle)) inside = middle
    else outside = middle
  }
}

/** The least whole number from 1 to `most` that reaches; what reaches once keeps reaching. Null when none does. */
export function leastCount(most: number, reaches: (count: number) => boolean): number | null {
  if (most < Infinity && !reaches(most)) return null
  let enough = 1
  while (!reaches(enough)) enough = Math.min(most, enough * 2)
  let tooFew = Math.floor(enough / 2)
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2)
    if (reaches(middle)) enough = middle
    else tooFew = middle
  }
  return enough
}
