import type { Scene } from './scene.ts'

/** One line of a published table (analysis.md 13), and what reproduces it. */
export type Line = {
  /** Beginning of the keys in the JSON. */
  key: string
  /** What the canary is like, and who judges it. */
  what: string
  who: string
  scene: Scene
  /** Key of the ending. */
  rule: string
  /** Which ending the share and the times are about. */
  about: 'rolledBack' | 'promoted'
  /** Seconds between two looks; times are counted from `since` seconds on. */
  grain: number
  since?: number
  published: Published
}

export type Published = {
  /** Runs behind the figures. */
  of: number
  /** Percent as it is printed: the last digit is rounded. `≤ 0.1` is a bound, `40 ± 8` a range. */
  share?: string
  /** Median, and the ninetieth percentile. */
  seconds?: number
  p90?: number
  /** Mean number of failed canary requests. */
  failed?: number
}

/** Lines about the same scene and rule are counted from the same runs. */
export type Chapter = { title: string; lines: Line[] }
