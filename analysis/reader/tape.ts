import type { Sample } from './client.ts'
import { growth, resets } from './differences.ts'
import type { Line } from './labels.ts'

/** By how much one counter grew in a row. */
export type Growth = Pick<Line, 'identity' | 'labels'> & { amount: number }

/** What was counted of one family of series so far: the last sample of each, and the targets that are alive. */
export type Tape = {
  last: Map<string, Sample>
  targets: Map<string, { first: number; last: number }>
  /** Epoch seconds up to which samples were counted; undefined before the first row. */
  upTo?: number
}

export const openTape = (): Tape => ({ last: new Map(), targets: new Map() })

/** The series are there, and cannot be counted; the message says why. */
export class Unusable extends Error {}

/** Every target has a sample at or after `t1`: what was scraped up to there has arrived. */
export function isComplete(tape: Tape, lines: readonly Line[], t1: number): boolean {
  const newest = new Map<string, number>([...tape.targets.keys()].map((target) => [target, 0]))
  for (const { target, samples } of lines)
    newest.set(target, Math.max(newest.get(target) ?? 0, samples.at(-1)?.[0] ?? 0))
  return newest.size > 0 && [...newest.values()].every((time) => time >= t1)
}

/** Targets that are known from before the row, and have no sample in it. */
export function absentTargets(tape: Tape, lines: readonly Line[], t0: number, t1: number): string[] {
  const withSample = (from: number, to: number): Set<string> =>
    new Set(lines.filter(({ samples }) => samples.some(([t]) => t > from && t <= to)).map(({ target }) => target))
  const known = tape.upTo === undefined ? withSample(-Infinity, t0) : tape.targets.keys()
  const present = withSample(t0, t1)
  return [...known].filter((target) => !present.has(target))
}

/** Their silence is known: no further row waits for them. */
export function forget(tape: Tape, targets: readonly string[]): void {
  for (const target of targets) tape.targets.delete(target)
}

/** New series of a target that was never scraped before: nobody knows yet whether they began at 0. */
export function strangers(tape: Tape, lines: readonly Line[], t0: number, t1: number): Line[] {
  const base = tape.upTo === undefined ? t0 : -Infinity
  const earliest = earliestOf(tape, lines)
  return lines.filter(({ identity, target, samples: [first] }) => {
    if (!first || first[0] > t1 || first[0] <= base || tape.last.has(identity)) return false
    return !((earliest.get(target) ?? Infinity) < first[0])
  })
}

export type CountedRow = {
  lines: readonly Line[]
  t0: number
  t1: number
  /** Of strangers only: true when they began at 0 all the same. */
  beganAtZero: (line: Line) => boolean
}

/**
 * Counts all samples up to `t1` that were not counted before, and remembers where it stopped. Before the first row,
 * what lies at or before `t0` is the base. A new series begins at 0 if its target was scraped before without it.
 * Throws Unusable, and has gone on all the same.
 */
export function count(tape: Tape, { lines, t0, t1, beganAtZero }: CountedRow): Growth[] {
  if (tape.upTo === undefined) goTo(tape, lines, t0)
  const earliest = earliestOf(tape, lines)
  const fresh = lines.map((line) => ({ line, since: tape.last.get(line.identity), samples: uncounted(tape, line, t1) }))
  const restarts = new Set(
    fresh.flatMap(({ line, samples, since }) => resets(samples, since).map((time) => `${line.target}@${time}`)),
  )
  const unusable = fresh.map(({ line, samples }) => whyUnusable(line, samples)).find((why) => why !== undefined)
  const growths = fresh.map(({ line, samples, since }) => {
    const [first, ...others] = samples
    const restarted = (time: number): boolean => restarts.has(`${line.target}@${time}`)
    const known = since ?? (first && (earliest.get(line.target) ?? Infinity) < first[0]) ?? false
    const isBase = first !== undefined && !known && !beganAtZero(line)
    return {
      identity: line.identity,
      labels: line.labels,
      amount: isBase ? growth(others, first, restarted) : growth(samples, since, restarted),
    }
  })
  goTo(tape, lines, t1)
  if (unusable !== undefined) throw new Unusable(unusable)
  return growths
}

/** A sample that is no count stays as a base to which nothing can be compared: the next one adds nothing. */
function goTo(tape: Tape, lines: readonly Line[], time: number): void {
  for (const { identity, target, samples } of lines) {
    const [first] = samples
    const newest = samples.findLast(([t]) => t <= time)
    if (!first || !newest || newest[0] <= (tape.last.get(identity)?.[0] ?? -Infinity)) continue
    tape.last.set(identity, isCount(newest[1]) ? newest : [newest[0], NaN])
    const known = tape.targets.get(target)
    tape.targets.set(target, {
      first: Math.min(first[0], known?.first ?? Infinity),
      last: Math.max(newest[0], known?.last ?? 0),
    })
  }
  tape.upTo = time
}

function whyUnusable({ labels }: Line, samples: Sample[]): string | undefined {
  const bad = samples.find(([, value]) => !isCount(value))
  if (!bad) return undefined
  const name = labels.__name__ ?? 'a series'
  return Number.isNaN(bad[1]) ? `${name} is NaN` : `${name} is no count of whole events: ${bad[1]}`
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

function uncounted(tape: Tape, { identity, samples }: Line, t1: number): Sample[] {
  const since = tape.last.get(identity)?.[0] ?? -Infinity
  return samples.filter(([time]) => time > since && time <= t1)
}

/** When each target is known to have been scraped first. */
function earliestOf({ targets }: Tape, lines: readonly Line[]): Map<string, number> {
  const earliest = new Map([...targets].map(([target, { first }]) => [target, first]))
  for (const { target, samples } of lines)
    earliest.set(target, Math.min(earliest.get(target) ?? Infinity, samples[0]?.[0] ?? Infinity))
  return earliest
}
