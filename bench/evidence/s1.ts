import { INTERVAL, rowsOf, S1_STEPS, type FixedWorld } from './fixed.ts'
import type { Chapter, Line } from './line.ts'
import { printed } from './notation.ts'
import type { Judge } from './rules.ts'
import type { Scene } from './scene.ts'
import { CALM, DIURNAL, OUTAGE } from './weather.ts'

/** Published runs: of ρ0 = 1 and Flagger, of the defaults, of Kayenta. */
const [MANY, SOME, FEW] = [4_000, 2_000, 1_000]
const MOST = 20_000
const LOOK = 60

/** 1/α for ω = 1; the others are for the table of sup E. */
const OURS: Judge = { kind: 'sluice', rho0: 1, slots: 4, thresholds: { sluice: 100 } }
const SUP: Judge = { ...OURS, thresholds: { 'sup .1': 10, 'sup .05': 20, sluice: 100, 'sup .001': 1_000 } }
const DEFAULTS: Judge = { kind: 'sluice', rho0: 1.25, slots: 4, thresholds: { defaults: 100, half: 200 } }
const ONE_SLOT: Judge = { kind: 'sluice', rho0: 1, slots: 1, thresholds: { 'one slot': 100 } }
const OTHERS: Judge[] = [{ kind: 'flagger' }, { kind: 'argo' }, { kind: 'kayenta' }, { kind: 'pooled' }]

type Who = { name: string; of: number; grain: number }
const WHO: Record<string, Who> = {
  sluice: { name: 'Sluice ρ0=1', of: MANY, grain: INTERVAL },
  'sup .1': { name: 'Sluice ρ0=1, E ≥ 10', of: MANY, grain: INTERVAL },
  'sup .05': { name: 'Sluice ρ0=1, E ≥ 20', of: MANY, grain: INTERVAL },
  'sup .001': { name: 'Sluice ρ0=1, E ≥ 1000', of: MANY, grain: INTERVAL },
  defaults: { name: 'Sluice ρ0=1.25', of: SOME, grain: INTERVAL },
  half: { name: 'Sluice ρ0=1.25 ω=.5', of: SOME, grain: INTERVAL },
  'one slot': { name: 'Sluice ρ0=1, no restarts', of: MANY, grain: INTERVAL },
  flagger: { name: "Flagger's rule", of: MANY, grain: LOOK },
  argo: { name: "Argo's rule", of: MANY, grain: LOOK },
  kayenta: { name: "Kayenta's mathematics", of: FEW, grain: LOOK },
  pooled: { name: 'pooled z-test, peeked', of: MANY, grain: INTERVAL },
}

type FixedOptions = {
  key: string
  what: string
  world: Partial<FixedWorld>
  judges: Judge[]
  /** To be played; and those behind the published figures, where they are not the same for all tables. */
  runs?: number
  of?: number
  since?: number
}

/** Lines of one scene; per rule what is published of it. */
export function fixedLines(options: FixedOptions, rules: Record<string, string>): Line[] {
  const { key, what, judges, runs = MANY, of, since } = options
  const world: FixedWorld = {
    rps: 100,
    share: 0.002,
    ratio: 1,
    schedule: S1_STEPS,
    climate: CALM,
    ...options.world,
  }
  const scene: Scene = { kind: 'fixed', name: key, runs, world, judges }
  return Object.entries(rules).map(([rule, text]) => ({
    key: `${key} ${rule}`,
    what,
    who: WHO[rule]?.name ?? rule,
    scene,
    rule,
    about: 'rolledBack',
    grain: WHO[rule]?.grain ?? INTERVAL,
    ...(since === undefined ? {} : { since }),
    published: { of: of ?? WHO[rule]?.of ?? runs, ...printed(text) },
  }))
}

export const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`

const canary = (share: number, ratio: number): string =>
  `${percent(share)} errors, ${ratio === 1 ? 'identical' : `${ratio}×`}`

const NOTHING = { sluice: '', defaults: '', half: '', flagger: '', argo: '', kayenta: '', pooled: '' }

function s1(share: number, ratio: number, rules: Record<string, string>): Line[] {
  const ours = share === 0.002 && ratio === 1 ? SUP : OURS
  const key = `s1 p${share * 100} r${ratio}`
  return fixedLines(
    { key, what: canary(share, ratio), world: { share, ratio }, judges: [ours, DEFAULTS, ...OTHERS] },
    { ...NOTHING, ...rules },
  )
}

const QUIET = { defaults: '≤ 0.1 %', half: '≤ 0.1 %' }

/** The table of S1. */
export const s1Chapter = (): Chapter => ({
  title: 'Fixed steps 5/10/25/50 %, ten minutes each, 100 requests/s: rolled back, median time, failed canary requests',
  lines: [
    ...s1(0.0005, 1, { ...QUIET, flagger: '0 %', kayenta: '0.2 %', sluice: '0.3 %', pooled: '25 ± 8 %' }),
    ...s1(0.002, 1, { ...QUIET, flagger: '0.3 %', kayenta: '0 %', sluice: '0.4 %', pooled: '40 ± 8 %' }),
    ...s1(0.005, 1, { ...QUIET, flagger: '51 %', kayenta: '0.2 %', sluice: '0.1 %', pooled: '54 ± 8 %' }),
    ...s1(0.0005, 5, {
      flagger: '2 %, 164',
      kayenta: '88 %, 1740 s, 83',
      sluice: '100 %, 645 s, 11',
      defaults: '100 %, 750 s, 15',
      half: '795 s, 16',
    }),
    ...s1(0.002, 2, {
      flagger: '24 %, 1500 s, 225',
      kayenta: '52 %, 1920 s, 204',
      sluice: '99.7 %, 1200 s, 50',
      defaults: '88 %, 1590 s, 116',
      half: '84 %',
    }),
    ...s1(0.002, 5, {
      flagger: '99.8 %, 660 s, 58',
      kayenta: '100 %, 660 s, 55',
      sluice: '100 %, 210 s, 11',
      defaults: '255 s, 15',
      half: '285 s, 16',
    }),
    ...s1(0.002, 10, {
      flagger: '100 %, 360 s, 44',
      kayenta: '100 %, 600 s, 74',
      sluice: '100 %, 75 s, 7',
      defaults: '75 s, 9',
      half: '90 s, 9',
    }),
    ...s1(0.002, 50, { flagger: '100 %, 300 s, 170', sluice: '100 %, 15 s, 8', defaults: '15 s, 9' }),
    ...s1(0.005, 2, { kayenta: '93 %, 1500 s, 258', sluice: '100 %, 690 s, 49', defaults: '99.9 %, 1090 s, 108' }),
  ],
})

/** P(sup E ≥ 1/α) of identical versions, and what the guarantee has to survive. */
export function supremumChapter(): Chapter {
  const alike = (key: string, what: string, world: Partial<FixedWorld>, rules: Record<string, string>): Line[] =>
    fixedLines({ key: `aa ${key}`, what, world, judges: [OURS, DEFAULTS], runs: MOST, of: MOST }, rules)
  const calm = (share: number, rules: Record<string, string>): Line[] =>
    alike(`p${share * 100}`, canary(share, 1), { share }, rules)
  return {
    title: 'Identical versions: how often E ever reaches 1/α',
    lines: [
      ...fixedLines(
        { key: 'sup', what: canary(0.002, 1), world: {}, judges: [SUP] },
        { 'sup .1': '3.7 %', 'sup .05': '1.9 %', sluice: '0.36 %', 'sup .001': '0.04 %' },
      ),
      ...calm(0.0005, { sluice: '0.39 %', defaults: '0.09 %' }),
      ...calm(0.002, { sluice: '0.30 %', defaults: '0.04 %' }),
      ...calm(0.005, { sluice: '0.27 %', defaults: '0.03 %' }),
      ...calm(0.05, { sluice: '0.03 %', defaults: '0.00 %' }),
      ...alike('outage', 'an outage of both, ×100', { climate: OUTAGE }, { sluice: '', defaults: '' }),
      ...alike('diurnal', 'from day to night', { climate: DIURNAL }, { sluice: '', defaults: '' }),
    ],
  }
}

/** Late and load-dependent faults; times are counted from the onset. */
export function lateChapter(): Chapter {
  const onset = rowsOf(S1_STEPS) - S1_STEPS.rowsEach
  const late = (share: number, ratio: number, rules: Record<string, string>): Line[] =>
    fixedLines(
      {
        key: `late p${share * 100} r${ratio}`,
        what: `${canary(share, ratio)} from the 50 % step on`,
        world: { share, ratio, onset },
        judges: [OURS, ONE_SLOT, DEFAULTS],
        since: onset * INTERVAL,
      },
      rules,
    )
  return {
    title: 'Faults that begin at the last step: found, median time since then',
    lines: [
      ...late(0.002, 3, { 'one slot': '88 %, 330 s', sluice: '99.7 %, 150 s', defaults: '96 %, 210 s' }),
      ...late(0.0005, 5, { 'one slot': '83 %, 345 s', sluice: '98 %, 180 s', defaults: '95 %, 240 s' }),
    ],
  }
}

export function quietChapter(): Chapter {
  const quiet = (share: number, ratio: number, rules: Record<string, string>): Line[] =>
    fixedLines(
      {
        key: `quiet p${share * 100} r${ratio}`,
        what: `2 requests/s, ${canary(share, ratio)}`,
        world: { rps: 2, share, ratio },
        judges: [OURS, DEFAULTS, { kind: 'flagger' }, { kind: 'argo' }],
      },
      { sluice: '', defaults: '', flagger: '', argo: '', ...rules },
    )
  return {
    title: 'Low traffic: rolled back, median time, failed canary requests',
    lines: [
      ...quiet(0.005, 1, { sluice: '≤ 0.2 %', flagger: '62–99 %' }),
      ...quiet(0.001, 20, { sluice: '99 %, 1215 s, 5.6' }),
      ...quiet(0.001, 100, { sluice: '330 s, 3.8' }),
    ],
  }
}
