import { rankSum, sorted, type Samples } from './interval.ts'

/** How many times the control's mean the experiment's is; NaN where one of them is 0. */
export function meanRatio({ control, experiment }: Samples): number {
  const ratio = mean(experiment) / mean(control)
  return Number.isFinite(ratio) && ratio !== 0 ? ratio : NaN
}

/** The chance that a value of the experiment is above one of the control, ties counted half. */
export function superiority({ control, experiment }: Samples): number {
  const m = experiment.length
  const { ranks } = rankSum(sorted(experiment, 'the experiment'), sorted(control, 'the control'), 0)
  return (2 * ranks - m * (m + 1)) / (2 * m * control.length)
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
