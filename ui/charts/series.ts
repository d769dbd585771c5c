import type { ReleaseView, RowView } from '../../api/views.ts'

export type Arm = readonly [n: number, x: number]
export type Arms = { canary: Arm; stable: Arm }

/** Intervals that are drawn as one: counts are added, so nothing is lost but detail. Times are epoch milliseconds. */
export type Bucket = { from: number; to: number; weight: number; metrics: Record<string, Arms> }

/** At most `most` buckets, each of equally many rows. */
export function bucketsOf(rows: RowView[], most: number): Bucket[] {
  const size = Math.max(1, Math.ceil(rows.length / most))
  const interval = intervalOf(rows)
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => {
    const some = rows.slice(i * size, (i + 1) * size)
    const [first, last] = [some[0] as RowView, some.at(-1) as RowView]
    return { from: first.at - interval, to: last.at, weight: last.weight, metrics: added(some) }
  })
}

/** Names of what is counted, in the order of their first data. */
export const metricsOf = (rows: RowView[]): string[] => [
  ...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics))),
]

/** All of a release, per metric. */
export const totalOf = (buckets: Bucket[], metric: string): Arms | undefined => added(buckets)[metric]

/** 95 % of what the true share may be, after Wilson (1927), doi:10.1080/01621459.1927.10502953. `n` is above 0. */
export function wilson([n, x]: Arm): [lower: number, upper: number] {
  const z2 = 1.96 ** 2
  const middle = (x + z2 / 2) / (n + z2)
  const half = (1.96 / (n + z2)) * Math.sqrt((x * (n - x)) / n + z2 / 4)
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}

/** What `WeightSet` says in its message. */
function weightIn(message: string): number | undefined {
  const [, percent] = /(\d+) % of the traffic/.exec(message) ?? []
  return percent === undefined ? undefined : Number(percent)
}

export type WeightPoint = { at: number; weight: number }

/** When which weight began: what the timeline says to the moment, and the rows where it does not reach. */
export function weightsOf(release: Omit<ReleaseView, 'plan'>, now: number): WeightPoint[] {
  const told = release.timeline.flatMap(({ at, event, message }) => {
    const weight = event === 'WeightSet' ? weightIn(message) : undefined
    return weight === undefined ? [] : [{ at: Date.parse(at), weight }]
  })
  const seen = release.rows.map(({ at, weight }) => ({ at: at - 1, weight }))
  const begin = release.startedAt === undefined ? [] : [{ at: Date.parse(release.startedAt), weight: 0 }]
  const points = [...begin, ...told, ...seen].toSorted((one, other) => one.at - other.at)
  const end = release.endedAt === undefined ? now : Date.parse(release.endedAt)
  const last = release.outcome === undefined ? release.weight : release.outcome === 'Promoted' ? 100 : 0
  return [...points.filter(({ at }) => at < end), { at: end, weight: last }].filter(
    ({ weight }, i, all) => i === all.length - 1 || i === 0 || all[i - 1]?.weight !== weight,
  )
}

/** The shortest distance of two rows, milliseconds. */
export const intervalOf = (rows: RowView[]): number =>
  rows.reduce((least, { at }, i) => Math.min(least, i === 0 ? Infinity : at - (rows[i - 1] as RowView).at), 60_000)

function added(parts: { metrics: Record<string, Arms> }[]): Record<string, Arms> {
  const sums: Record<string, Arms> = {}
  for (const { metrics } of parts) {
    for (const [name, { canary, stable }] of Object.entries(metrics)) {
      const sum = sums[name] ?? { canary: [0, 0], stable: [0, 0] }
      sums[name] = { canary: plus(sum.canary, canary), stable: plus(sum.stable, stable) }
    }
  }
  return sums
}

const plus = ([n, x]: Arm, [dn, dx]: Arm): Arm => [n + dn, x + dx]
