import { cleaned, type Cleaning } from './cleaning.ts'
import { meanRatio, superiority } from './effect.ts'
import { mannWhitney, type Samples, type ShiftInterval } from './interval.ts'

/** One metric: a value per point in time of each side, NaN where there was none. */
export type KayentaMetric = Samples &
  Cleaning & {
    name: string
    groups: readonly string[]
    /** The direction that is bad. Default `either`. */
    direction?: 'increase' | 'decrease' | 'either'
    /** Its failure alone fails the whole. */
    critical?: boolean
    /** Without data it counts as failed. */
    mustHaveData?: boolean
    /** Shown, but not counted. */
    muted?: boolean
    effect?: EffectLimits
  }

export type EffectLimits = {
  /** Ratio of the means, or the chance that a value of the experiment is above one of the control. Default `meanRatio`. */
  measure?: 'meanRatio' | 'cles'
  /** Effects short of these are no failure; defaults: 1, for `cles` 0.5. */
  allowedIncrease?: number
  allowedDecrease?: number
  /** Effects short of these do not make a critical metric fail the whole; same defaults. */
  criticalIncrease?: number
  criticalDecrease?: number
}

export type Classification = {
  name: string
  label: 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFail'
  /** It fails the whole. */
  critical: boolean
  /** Where a comparison was made. */
  interval?: ShiftInterval
  /** NaN where a mean is 0. */
  effect?: number
}

const CONFIDENCE = 0.98
/** Of the estimate: a shift that is sure but smaller passes. */
const TOLERANCE = 0.25

/** Steps 1 to 4 of analysis.md 10. */
export function classified(metric: KayentaMetric): Classification {
  const control = cleaned(metric.control, metric)
  const experiment = cleaned(metric.experiment, metric)
  if (control.length === 0 || experiment.length === 0) return withoutData(metric)
  if (isSame(control, experiment)) return { name: metric.name, label: 'Pass', critical: false }
  return compared(metric, { control, experiment })
}

function withoutData({ name, nan, critical = false, mustHaveData = false }: KayentaMetric): Classification {
  if (nan === 'replace') return { name, label: 'Pass', critical: false }
  if (mustHaveData && !critical) return { name, label: 'NodataFail', critical: false }
  return { name, label: 'Nodata', critical }
}

/** The same values in any order, or one value and no other. */
function isSame(control: number[], experiment: number[]): boolean {
  const one = [...control].sort((a, b) => a - b)
  const other = [...experiment].sort((a, b) => a - b)
  const areEqual = one.length === other.length && one.every((value, i) => value === other[i])
  return areEqual || new Set([...one, ...other]).size === 1
}

function compared(metric: KayentaMetric, samples: Samples): Classification {
  const { name, direction = 'either', critical = false } = metric
  const { measure = 'meanRatio', ...limits } = metric.effect ?? {}
  const neutral = measure === 'cles' ? 0.5 : 1
  const interval = mannWhitney({ ...samples, confidence: CONFIDENCE })
  const effect = measure === 'cles' ? superiority(samples) : meanRatio(samples)
  // An effect that cannot be told is ignored: every comparison with it is the other way round for that reason.
  const reaches = (limit = neutral): boolean => !(effect < limit)
  const sinksTo = (limit = neutral): boolean => !(effect > limit)
  const tolerated = TOLERANCE * Math.abs(interval.estimate)
  const found = { name, interval, effect }
  if (direction !== 'decrease' && interval.lower > tolerated && reaches(limits.allowedIncrease)) {
    return { ...found, label: 'High', critical: critical && reaches(limits.criticalIncrease) }
  }
  if (direction !== 'increase' && interval.upper < -tolerated && sinksTo(limits.allowedDecrease)) {
    return { ...found, label: 'Low', critical: critical && sinksTo(limits.criticalDecrease) }
  }
  return { ...found, label: 'Pass', critical: false }
}
