import { badOf } from '../words/figures.ts'
import type { Arms } from './series.ts'

export const WeightLegend = ({ weight }: { weight: number | undefined }) => (
  <p class="legend">
    <b>Weight</b>
    <span class="canary">canary {weight === undefined ? 'none' : `${weight} %`}</span>
  </p>
)

/** The figures of the moment that is pointed at, else of the whole release. */
export const Legend = ({ name, arms, whole }: { name: string; arms: Arms | undefined; whole: boolean }) => (
  <p class="legend">
    <b>{name}</b>
    <span class="canary">canary {arms ? badOf(arms.canary) : 'no data'}</span>
    <span class="stable">stable {arms ? badOf(arms.stable) : 'no data'}</span>
    {whole && <span class="quiet">since it began</span>}
  </p>
)
