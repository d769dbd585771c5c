import { INTERVAL } from './fixed.ts'
import type { LatencyWorld } from './latency.ts'
import type { Chapter, Line } from './line.ts'
import { printed } from './notation.ts'
import type { Scene } from './scene.ts'

const OF = 600
const RHOS = [1, 1.1, 1.25]
const RATES = [20, 200]

/** Per ρ0 what is published at 20 and at 200 requests per second. */
type Case = { key: string; what: string; slower: number; stalled: number; told: [slow: string, quick: string][] }

const CASES: Case[] = [
  {
    key: 'aa',
    what: 'identical',
    slower: 1,
    stalled: 0,
    told: [
      ['0.2 %', '0.2 %'],
      ['0 %', '0 %'],
      ['0 %', '0 %'],
    ],
  },
  {
    key: '+10',
    what: '10 % slower',
    slower: 1.1,
    stalled: 0,
    told: [
      ['97 %, 1740 s', '405 s'],
      ['7 %', '1275 s'],
      ['0 %', '4 %'],
    ],
  },
  {
    key: '+20',
    what: '20 % slower',
    slower: 1.2,
    stalled: 0,
    told: [
      ['825 s', '105 s'],
      ['1275 s', '225 s'],
      ['49 %, 1980 s', '690 s'],
    ],
  },
  {
    key: 'x2',
    what: 'twice as slow',
    slower: 2,
    stalled: 0,
    told: [
      ['60 s', '15 s'],
      ['75 s', '15 s'],
      ['90 s', '15 s'],
    ],
  },
  {
    key: '1+1s',
    what: '1 % take 1 s more',
    slower: 1,
    stalled: 0.01,
    told: [
      ['367 s', '45 s'],
      ['375 s', '45 s'],
      ['390 s', '45 s'],
    ],
  },
  {
    key: '.2+1s',
    what: '0.2 % take 1 s more',
    slower: 1,
    stalled: 0.002,
    told: [
      ['99 %, 1335 s', '210 s'],
      ['1350 s', '217 s'],
      ['98 %, 1380 s', '225 s'],
    ],
  },
]

export const latencyChapter = (): Chapter => ({
  title: 'Latency, seven boundaries, ω = 1: found, median time',
  lines: CASES.flatMap((found) => RATES.flatMap((rps, rate) => linesOf(found, rps, rate))),
})

function linesOf({ key, what, slower, stalled, told }: Case, rps: number, rate: number): Line[] {
  const world: LatencyWorld = { rps, slower, stalled }
  const scene: Scene = { kind: 'latency', name: `latency ${key} ${rps}`, runs: OF, world, rhos: RHOS }
  return RHOS.map((rho0, i) => ({
    key: `latency ${key} ${rps} ${rho0}`,
    what: `${what}, ${rps} requests/s`,
    who: `Sluice ρ0=${rho0}`,
    scene,
    rule: `rho0 ${rho0}`,
    about: 'rolledBack',
    grain: INTERVAL,
    published: { of: OF, ...printed(told[i]?.[rate] ?? '') },
  }))
}
