import {
  badShareOf,
  totalsOf,
  type Harm,
  type RuleName,
  type Setting,
  type Share,
  type Spread,
  type Summary,
} from '../../analysis/backtest/index.ts'
import { formatDuration } from '../../crds/duration.ts'
import type { Policy } from '../../crds/policy.ts'
import { integer, table, wrap } from '../render.ts'
import type { Terminal } from '../terminal.ts'

/** One rule at one level of harm. */
export type Result = Summary & { rule: RuleName; harm: Harm }

export type Story = {
  name: string
  service: string
  setting: Setting
  /** The policy as it was declared. */
  declared: Policy
  results: Result[]
  replays: number
}

const UNSEEN_WIDTH = 120

/** The figures as lines for people. */
export function told(story: Story, { colors, screen }: Terminal): string[] {
  const width = screen?.columns ?? UNSEEN_WIDTH
  const rows = story.results.map((result) => [
    result.rule,
    result.harm.label,
    shareText(result.rolledBack),
    spreadText(result.secondsToRollback, seconds),
    count(result.failed.mean),
    spreadText(result.failed, count),
    shareText(result.promoted),
    spreadText(result.secondsToPromote, seconds),
  ])
  const header = ['RULE', 'CANARY', 'ROLLED BACK', 'AFTER', 'FAILED', 'MEDIAN', 'PROMOTED', 'AFTER']
  return [
    ...headOf(story).flatMap((line) => wrap(line, width)),
    '',
    ...table(header, rows),
    '',
    ...notesOn(story)
      .flatMap((note) => wrap(note, width))
      .map(colors.dim),
  ]
}

/** What was replayed, and where. */
export function headOf({ name, service, setting, replays }: Story): string[] {
  const { history, seed, target } = setting
  const { n, known } = totalsOf(history)
  const bad = target.boundary === undefined ? 'failed' : `slower than ${target.boundary} ms`
  const share = `${percent(badShareOf(history, target.boundary))} % ${bad}`
  return [
    `${name}: ${integer(replays)} replays per line in ${spanText(known * history.step)} of ${service}, ${integer(n)} requests, ${share} (seed ${seed}).`,
  ]
}

function notesOn({ setting, declared, results, replays }: Story): string[] {
  const { target, policy } = setting
  const harm = target.boundary === undefined ? 'fail' : `become slower than ${target.boundary} ms`
  const gauges = declared.metrics.filter(({ kind }) => kind === 'gauge').map(({ name }) => name)
  const counters = declared.metrics.filter(({ kind }) => kind === 'counters').map(({ name }) => name)
  const others = results.some(({ rule }) => rule !== 'sluice')
  return [
    'In brackets: 95 % intervals (Wilson; of medians by order statistics). AFTER and MEDIAN are medians, FAILED is the mean of bad canary requests.',
    `Harm makes good canary requests ${harm}, from the first request on; identical is the same version again, so what is rolled back there is false.`,
    ...(replays < 300 ? [`${replays} replays leave wide intervals; --replays 1000 narrows them.`] : []),
    ...(gauges.length > 0 ? [`Not replayed: ${gauges.join(', ')}. A query has no past without a canary.`] : []),
    ...(counters.length > 0 ? [`Silent here: ${counters.join(', ')}. Their share of the evidence stays theirs.`] : []),
    ...(others && policy.ramp ? ['Rules that know no ramp take its rungs by the clock, 2m each.'] : []),
  ]
}

const shareText = ({ share, lower, upper }: Share): string =>
  `${percent(share)} % (${percent(lower)}–${percent(upper)})`

const spreadText = (spread: Spread | undefined, unit: (value: number) => string): string =>
  spread ? `${unit(spread.median)} (${unit(spread.lower)}–${unit(spread.upper)})` : '–'

/** Whole days where there are some. */
const spanText = (seconds: number): string =>
  seconds >= 172_800 ? `${integer(Math.round(seconds / 86_400))} days` : formatDuration(seconds * 1_000)

const percent = (share: number): string => (share * 100).toFixed(share > 0 && share < 0.001 ? 2 : 1)
const seconds = (value: number): string => formatDuration(Math.round(value) * 1_000)
const count = (value: number): string => integer(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))
