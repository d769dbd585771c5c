/** The place between `inside` and `outside` where `isInside` ends, to the last digit. Either may be the larger. */
export function borderOf(inside: number, outside: number, isInside: (at: number) => boolean): number {
  for (;;) {
    const middle = (inside + outside) / 2
    if (middle === inside || middle === outside) return middle
    if (isInside(middle)) inside = middle
    else outside = middle
  }
}
