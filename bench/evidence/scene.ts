import { seeded } from '../../analysis/draw/index.ts'
import { fixedRelease, INTERVAL, rowsOf, type FixedWorld } from './fixed.ts'
import { slownessFound, type LatencyWorld } from './latency.ts'
import { climb, type RampOutcome, type RampWorld } from './ramp.ts'
import { stopsOf, type Judge } from './rules.ts'

/** A world that is played many times, and who judges it. */
export type Scene = { name: string; runs: number } & (
  | { kind: 'fixed'; world: FixedWorld; judges: Judge[] }
  | { kind: 'latency'; world: LatencyWorld; rhos: number[] }
  | { kind: 'ramp'; world: RampWorld }
)

/** How a release ended under each rule. */
export type Endings = Record<string, Ending>
export type Ending = {
  end: RampOutcome['end']
  /** From the first request to the end. */
  seconds: number
  /** Bad canary requests until then. */
  failed: number
  overspent?: number
  blind?: number
}

/** One run: the same seed, scene and number give the same release, whoever else is played. */
export function play(scene: Scene, seed: number, run: number): Endings {
  const random = seeded(seed, ...Buffer.from(scene.name), run)
  if (scene.kind === 'ramp') return { ramp: climb(random, scene.world) }
  if (scene.kind === 'latency') {
    const stops = Object.entries(slownessFound(random, scene.world, scene.rhos))
    return Object.fromEntries(stops.map(([rule, stop]) => [rule, endingOf(stop, Infinity, [])]))
  }
  const release = fixedRelease(random, scene.world)
  const failed = release.rows.map(({ cells }) => cells['errors']?.[2] ?? 0)
  const stops = scene.judges.flatMap((judge) => Object.entries(stopsOf(judge, release)))
  const last = rowsOf(scene.world.schedule) - 1
  return Object.fromEntries(stops.map(([rule, stop]) => [rule, endingOf(stop, last, failed)]))
}

function endingOf(stop: number | undefined, last: number, failed: number[]): Ending {
  const until = (stop ?? last) + 1
  return {
    end: stop === undefined ? 'promoted' : 'rolledBack',
    seconds: until * INTERVAL,
    failed: failed.slice(0, until).reduce((sum, x) => sum + x, 0),
  }
}
