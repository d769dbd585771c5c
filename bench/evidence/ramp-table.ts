import { HASTY, INTERVAL, S1_STEPS, type Schedule } from './fixed.ts'
import type { Chapter, Line } from './line.ts'
import { printed } from './notation.ts'
import type { RampWorld } from './ramp.ts'
import { fixedLines, percent } from './s1.ts'
import type { Scene } from './scene.ts'
import { CALM, STEADY } from './weather.ts'

const OF = 2_000
/** Ten minutes without any data, from somewhere in the first ten minutes on. */
const SILENCE = { rows: 40, within: 40 }

/** What is told of a good release, and of bad ones: the share is that of the promoted, of bad ones that of the stopped. */
type Told = { good: string; r2: string; r5: string; broken: string; r15?: string }
type Service = { rps: number; share: number }

const serviceOf = ({ rps, share }: Service): string => `${rps} requests/s, ${percent(share)} errors`

/**
 * By the clock alone, ρ0 = 1, ω = 1. The spec does not say where in a run the outburst lies. The hasty rows come out as
 * published only where it spares their five minutes: anywhere in the forty minutes of S1 it lets 31 % of those at 2× be
 * stopped, anywhere in two hours 28 %, instead of 24 %. All other rows come out with S1 as it is.
 */
function clock(service: Service, schedule: Schedule, { good, r2, r5, broken }: Told): Line[] {
  const { rps, share } = service
  const minutes = (schedule.rowsEach * INTERVAL) / 60
  const who = `clock ${schedule.weights.length}×${minutes} min, ρ0=1`
  const lines = (key: string, what: string, ratio: number, text: string): Line[] =>
    fixedLines(
      {
        key: `clock${schedule.weights.length}x${minutes} ${rps} ${key}`,
        what: `${serviceOf(service)}: ${what}`,
        world: { rps, share, ratio, schedule, climate: schedule === HASTY ? STEADY : CALM },
        judges: [{ kind: 'sluice', rho0: 1, slots: schedule.weights.length, thresholds: { clock: 100 } }],
        // The hasty ones are short and cheap: more of them leave less to chance.
        runs: schedule === HASTY ? 4 * OF : OF,
        of: OF,
      },
      { clock: text },
    ).map((line) => ({ ...line, who }))
  return [
    ...lines('good', 'identical', 1, good).map((line) => ({ ...line, about: 'promoted' as const })),
    ...lines('r2', '2×', 2, r2),
    ...lines('r5', '5×', 5, r5),
    ...lines('broken', 'all fail', Infinity, broken),
  ]
}

type Ship = Service & { promoteRatio: number }

function ship(service: Ship, { good, r2, r5, broken, r15 = '' }: Told): Line[] {
  const line = (key: string, what: string, ratio: number, text: string): Line =>
    rampLine(service, { key, what, ratio }, text)
  return [
    { ...line('good', 'identical', 1, good), about: 'promoted' },
    line('r1.5', '1.5×', 1.5, r15),
    line('r2', '2×', 2, r2),
    rampLine(service, { key: 'r2top', what: '2× from half the traffic on', ratio: 2, onset: 'top' }, ''),
    line('r5', '5×', 5, r5),
    line('broken', 'all fail', Infinity, broken),
  ]
}

type Harmed = { key: string; what: string } & Pick<RampWorld, 'ratio' | 'onset' | 'silence'>

function rampLine(service: Ship, { key, what, ...harmed }: Harmed, text: string): Line {
  const { rps, share, promoteRatio } = service
  const name = `ship${promoteRatio} ${rps} ${key}`
  const world: RampWorld = { rps, share, climate: CALM, promoteRatio, ...harmed }
  const scene: Scene = { kind: 'ramp', name, runs: OF, world }
  return {
    key: name,
    what: `${serviceOf(service)}: ${what}`,
    who: `ramp, ρ_NI=${promoteRatio}`,
    scene,
    rule: 'ramp',
    about: 'rolledBack',
    grain: INTERVAL,
    published: { of: OF, ...printed(text) },
  }
}

const busy = { rps: 1_000, share: 0.001 }
const usual = { rps: 100, share: 0.002 }
const quiet = { rps: 10, share: 0.005 }

export const rampChapter = (): Chapter => ({
  title: 'Ramps, two hours at most: promoted or stopped, median time (p90), failed canary requests',
  lines: [
    ...clock(usual, S1_STEPS, { good: '99.7 %, 2400 s', r2: '99 %, 52', r5: '12', broken: '75' }),
    ...clock(usual, HASTY, { good: '99.9 %, 300 s', r2: '24 %, 32', r5: '16', broken: '150' }),
    ...ship(
      { ...usual, promoteRatio: 2 },
      { good: '99.9 %, 435 s, p90 915 s', r2: '98 %, 102', r5: '27', broken: '15', r15: '61–78 %' },
    ),
    ...ship(
      { ...usual, promoteRatio: 1.5 },
      { good: '99.9 %, 1005 s, p90 2280 s', r2: '99.7 %, 102', r5: '27', broken: '15', r15: '98–99 %' },
    ),
    ...clock(busy, HASTY, { good: '99.9 %, 300 s', r2: '94 %, 66', r5: '17', broken: '1500' }),
    ...ship(
      { ...busy, promoteRatio: 2 },
      { good: '100 %, 240 s, p90 360 s', r2: '99.7 %, 100', r5: '18', broken: '150', r15: '61–78 %' },
    ),
    ...ship(
      { ...busy, promoteRatio: 1.5 },
      { good: '100 %, 383 s, p90 690 s', r2: '100 %, 100', r5: '18', broken: '150', r15: '98–99 %' },
    ),
    ...clock(quiet, HASTY, { good: '100 %, 300 s', r2: '3 %, 9', r5: '71 %, 14', broken: '15' }),
    ...ship(
      { ...quiet, promoteRatio: 2 },
      { good: '99.9 %, 1110 s, p90 2745 s', r2: '97.7 %, 99', r5: '36', broken: '15', r15: '61–78 %' },
    ),
    blindfolded(),
  ],
})

/** Nothing may move while Prometheus is down. */
function blindfolded(): Line {
  const what = 'identical, Prometheus down for 10 minutes'
  const line = rampLine({ ...usual, promoteRatio: 2 }, { key: 'silence', what, ratio: 1, silence: SILENCE }, '')
  return { ...line, about: 'promoted' }
}
