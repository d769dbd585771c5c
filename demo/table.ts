import { integer, table, wrap } from '../cli/render.ts'

/** What one release looked like from outside. Durations are milliseconds; absent: it did not happen. */
export type Entry = {
  release: number
  version: string
  outcome: string
  sentence: string
  pushToCanaryMs: number | undefined
  badToZeroMs: number | undefined
  /** Answers of this version that were bad in the way that it is bad, as customers saw them. */
  bad: number
  /** Of the customers on all routes while it was released. */
  lost: number
}

const HEADER = [
  'RELEASE',
  'VERSION',
  'OUTCOME',
  'PUSH → CANARY',
  'FIRST BAD → WEIGHT 0',
  'BAD CANARY REQUESTS',
  'LOST REQUESTS',
]
const WIDTH = 120

/** Lines: the figures, then a sentence per release. */
export function render(entries: Entry[]): string[] {
  const figures = entries.map(({ release, version, outcome, pushToCanaryMs, badToZeroMs, bad, lost }) => [
    `${release}`,
    version,
    outcome,
    seconds(pushToCanaryMs),
    seconds(badToZeroMs),
    integer(bad),
    integer(lost),
  ])
  const sentences = entries.flatMap(({ release, sentence }) => wrap(`${release}  ${sentence}`, WIDTH, '   '))
  return [...table(HEADER, figures), '', ...sentences]
}

const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`)
