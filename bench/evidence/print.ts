import { table } from '../../cli/render.ts'
import { round } from '../report.ts'
import type { Chapter, Line } from './line.ts'
import type { Figure } from './published.ts'

export type Told = { line: Line; figures: Figure[] }

/** A chapter as a person reads it: every figure, and in brackets the published one; what differs too much is marked. */
export function printChapter({ title }: Chapter, told: Told[]): void {
  const units: Figure['unit'][] = ['share', 'seconds', 'p90', 'failed']
  const used = units.filter((unit) =>
    told.some(({ figures }) => figures.some((figure) => figure.unit === unit && isWorthIt(figure))),
  )
  let before = ''
  const cells = told.map(({ line, figures }) => {
    const what = line.what === before ? '' : line.what
    before = line.what
    const isOff = figures.some((figure) => figure.isOff)
    return [
      isOff ? '✖' : '',
      what,
      line.who,
      ...used.map((unit) => shown(figures.find((figure) => figure.unit === unit))),
    ]
  })
  console.log(`\n${title} (published)`)
  console.log(table(['', 'CANARY', 'WHO', ...used.map((unit) => HEADS[unit])], cells).join('\n'))
}

const HEADS: Record<Figure['unit'], string> = { share: 'SHARE', seconds: 'MEDIAN', p90: 'P90', failed: 'FAILED' }

/** Ninetieth percentiles are shown where one was published, failed requests where there are any. */
const isWorthIt = ({ unit, published, ours }: Figure): boolean =>
  published !== undefined || (unit !== 'p90' && !(unit === 'failed' && ours === 0))

function shown(figure: Figure | undefined): string {
  if (!figure || Number.isNaN(figure.ours)) return figure?.shown === undefined ? '' : `– (${figure.shown})`
  const { unit, ours, isOff } = figure
  const value =
    unit === 'share'
      ? `${Number(ours.toFixed(2))} %`
      : unit === 'failed'
        ? `${Number(ours.toFixed(1))}`
        : `${round(ours)} s`
  return `${value}${figure.shown === undefined ? '' : ` (${figure.shown})`}${isOff ? ' ✖' : ''}`
}

/** For machines: ours, and where there is one the published figure or the ends of its range. */
export function detailsOf(told: Told[]): Record<string, number[]> {
  const pairs = told.flatMap(({ line, figures }) =>
    figures
      .filter((figure) => !Number.isNaN(figure.ours) && isWorthIt(figure))
      .map(({ unit, ours, published }): [string, number[]] => [
        `${line.key} ${unit}`,
        [round(ours), ...(published ?? [])],
      ]),
  )
  return Object.fromEntries(pairs)
}
