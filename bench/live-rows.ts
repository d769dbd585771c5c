import type { Ended } from './live-release.ts'
import { median, type Row } from './report.ts'

export const WAVES = ['errors', 'slow', 'same', 'broken', 'good'] as const
export type Wave = (typeof WAVES)[number]

/** Of each wave that was played: how many ended otherwise than they have to, and what they cost. */
export const rowsOf = (ended: Partial<Record<Wave, Ended[]>>): Row[] =>
  WAVES.flatMap((wave) => (ended[wave] ? ROWS[wave](ended[wave]) : []))

const ROWS: Record<Wave, (ended: Ended[]) => Row[]> = {
  errors: (ended) => [
    count('errorsMissed', '1 % errors against 0.2 %: not rolled back', not('RolledBack', ended)),
    middle('errorsFailed', '  canary requests that failed', ended.map(failedOf), 'requests', 25),
    middle('errorsSeconds', '  first weight → weight 0', ended.map(secondsOf), 's'),
  ],
  slow: (ended) => [
    count('slowMissed', '+1 s on 1 % at 20/s: not rolled back', not('RolledBack', ended)),
    middle('slowSeconds', '  first weight → weight 0', ended.map(secondsOf), 's'),
  ],
  same: (ended) => [count('falseRollbacks', '0.5 % errors on both sides: not promoted', not('Promoted', ended))],
  broken: (ended) => [
    count('brokenMissed', 'all fail, on the ramp: not rolled back', not('RolledBack', ended)),
    {
      ...middle('brokenFailed', '  canary requests that failed, at most', ended.map(failedOf), 'requests', 20),
      value: Math.max(...ended.map(failedOf)),
    },
  ],
  good: (ended) => [
    count('goodMissed', 'good, on the ramp: not promoted', not('Promoted', ended)),
    middle('goodSeconds', '  first weight → 100 %', ended.map(secondsOf), 's', 600),
  ],
}

const not = (wanted: string, ended: Ended[]): number => ended.filter(({ outcome }) => outcome !== wanted).length
const failedOf = ({ failed }: Ended): number => failed
const secondsOf = ({ seconds }: Ended): number => seconds

const count = (key: string, what: string, value: number): Row => ({ key, what, value, limit: 0, unit: '' })

const middle = (key: string, what: string, samples: number[], unit: string, limit?: number): Row => ({
  key,
  what,
  value: median(samples),
  unit,
  samples,
  ...(limit === undefined ? {} : { limit }),
})
