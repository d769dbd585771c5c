export type Point = readonly [x: number, y: number]

/** `d` of a line through the points; a gap wherever there is none. */
export function line(points: (Point | undefined)[]): string {
  return runsOf(points)
    .map((run) => (run.length === 1 ? dot(run[0] as Point) : `M${run.map(place).join('L')}`))
    .join('')
}

/** `d` of the area between two lines over the same places; a gap wherever there is none. */
export function area(points: ({ x: number; low: number; high: number } | undefined)[]): string {
  return runsOf(points)
    .map((run) => {
      const upper = run.map(({ x, high }) => place([x, high]))
      const lower = run.toReversed().map(({ x, low }) => place([x, low]))
      return `M${[...upper, ...lower].join('L')}Z`
    })
    .join('')
}

/** Goes on at its height until the next point. */
export const steps = (points: Point[]): Point[] =>
  points.flatMap(([x, y], i): Point[] => {
    const before = points[i - 1]
    return before
      ? [
          [x, before[1]],
          [x, y],
        ]
      : [[x, y]]
  })

/** Stretches without a gap. */
function runsOf<T>(points: (T | undefined)[]): T[][] {
  const runs: T[][] = [[]]
  for (const point of points) {
    if (point === undefined) runs.push([])
    else runs.at(-1)?.push(point)
  }
  return runs.filter((run) => run.length > 0)
}

const place = ([x, y]: Point): string => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`

/** One interval alone is seen, too. */
const dot = ([x, y]: Point): string => `M${place([x - 1, y])}L${place([x + 1, y])}`
