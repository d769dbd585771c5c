import { summaryOf } from '../../analysis/backtest/index.ts'
import type { Line } from './line.ts'
import type { Ending } from './scene.ts'

/** One figure beside the published one. */
export type Figure = {
  unit: 'share' | 'seconds' | 'p90' | 'failed'
  /** Percent, seconds, or requests. NaN where nothing ended so. */
  ours: number
  /** As it is published; a range has two ends. */
  published?: [from: number, to: number]
  shown?: string
  isOff: boolean
}

/** What the endings of one line come to. `of` runs were played. */
export function figuresOf({ about, since = 0, grain, published }: Line, endings: Ending[]): Figure[] {
  const summary = summaryOf(
    endings.map(({ end, seconds, failed }) => ({ end: end === 'open' ? 'undecided' : end, seconds, failed })),
  )
  const { count, of } = summary[about]
  const spread = about === 'promoted' ? summary.secondsToPromote : summary.secondsToRollback
  const time = (unit: 'seconds' | 'p90', seconds: number | undefined, told: number | undefined): Figure => {
    const ours = (seconds ?? NaN) - since
    const isOff = told !== undefined && !(Math.abs(ours - told) <= Math.max(TOLERANCE * told, grain))
    return { unit, ours, isOff, ...(told === undefined ? {} : { published: [told, told], shown: `${told}` }) }
  }
  return [
    shareOf(count, of, published.share, published.of),
    time('seconds', spread?.median, published.seconds),
    time('p90', spread?.p90, published.p90),
    failedOf(summary.failed.mean, published.failed),
  ]
}

const TOLERANCE = 0.1
/** 99 % of a normal distribution. */
const Z = 2.575_829_303_548_901

/** Off where the difference to the published share, or to the nearer end of a range, is beyond the sampling error of both. */
function shareOf(count: number, of: number, shown: string | undefined, publishedOf: number): Figure {
  const share = count / of
  if (shown === undefined) return { unit: 'share', ours: share * 100, isOff: false }
  const [from, to] = rangeOf(shown)
  const near = Math.min(Math.max(share, from / 100), to / 100)
  const pooled = (count + near * publishedOf + 1) / (of + publishedOf + 2)
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / publishedOf))
  return {
    unit: 'share',
    ours: share * 100,
    published: [from, to],
    shown,
    isOff: Math.abs(share - near) > Z * deviation,
  }
}

function failedOf(ours: number, told: number | undefined): Figure {
  if (told === undefined) return { unit: 'failed', ours, isOff: false }
  const isOff = Math.abs(ours - told) > Math.max(TOLERANCE * told, 1)
  return { unit: 'failed', ours, published: [told, told], shown: `${told}`, isOff }
}

/** Percent. A figure that was rounded stands for all that round to it. */
function rangeOf(shown: string): [from: number, to: number] {
  const bound = /^≤ ([\d.]+)$/.exec(shown)
  if (bound) return [0, Number(bound[1])]
  const span = /^([\d.]+)–([\d.]+)$/.exec(shown)
  if (span) return [Number(span[1]), Number(span[2])]
  const [middle = '', reach] = shown.split(' ± ')
  const half = reach === undefined ? 0.5 * 10 ** -(middle.split('.')[1]?.length ?? 0) : Number(reach)
  return [Math.max(0, Number(middle) - half), Math.min(100, Number(middle) + half)]
}
