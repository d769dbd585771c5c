import { kayenta } from './judgement.ts'

/** Looks before Kayenta is asked: on one point a side it would find a difference in every pair of values. */
const LEAST_LOOKS = 10

/** A value per look on each side; NaN where nothing was seen. More of it is worse. */
export type Looks = { metric: string; control: readonly number[]; experiment: readonly number[] }

/** Which look, from 0, is the first at which Kayenta fails, asked anew about everything so far; undefined for none. */
export function failedLook({ metric: name, control, experiment }: Looks): number | undefined {
  const place = experiment.findIndex((_, i) => {
    if (i + 1 < LEAST_LOOKS) return false
    const seen = { control: control.slice(0, i + 1), experiment: experiment.slice(0, i + 1) }
    const { verdict } = kayenta({ metrics: [{ name, groups: ['all'], direction: 'increase', ...seen }] })
    return verdict === 'Fail'
  })
  return place < 0 ? undefined : place
}
