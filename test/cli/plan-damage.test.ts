import { writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { judge, type Cell, type Ledger, type Row } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { validManifest } from '../fixtures/manifests.ts'
import { folder, sluice } from './typed.ts'

/** The bounds of a plan, held against the verdicts that the same policy gives on what would be counted. */

type World = { rate: number; scrape: number; interval: number; weight: number }
type Planned = { policy: Policy; steps: { failedIfAllFail?: number }[]; failed: { atMost?: number } }

async function planned({ rate, scrape, interval, weight }: World): Promise<Planned> {
  const { spec, ...rest } = validManifest()
  const analysis = {
    interval: `${interval}s`,
    prometheus: { address: 'http://prometheus:9090' },
    metrics: [{ name: 'errors', requests: {} }],
  }
  const strategy = { canary: { steps: [{ setWeight: weight }, { pause: {} }] } }
  const place = folder()
  writeFileSync(place('rollout.yaml'), stringify({ ...rest, spec: { ...spec, analysis, bake: {}, strategy } }))
  const args = ['-f', place('rollout.yaml'), '--rate', `${rate}`, '--scrape', `${scrape}s`, '-o', 'json']
  const { out, complaints } = await sluice('plan', ...args)
  expect(complaints).toBe('')
  return (JSON.parse(out) as Planned[])[0]!
}

/**
 * Failed requests of a version that fails this share, until the route is back: the weight rises just after the edge of a
 * row, every sample is as old as can be, every row closes as late as can be, and the write takes ten seconds.
 */
function failedUntilBack(policy: Policy, { rate, scrape, interval, weight }: World, share: number): number {
  const perSecond = (rate * weight) / 100
  const lag = Math.min(5, interval / 4)
  const upTo = (time: number, each: number): number => Math.floor(Math.max(0, time - scrape) * each)
  const within = (t0: number, each: number): number => upTo(t0 + interval, each) - upTo(t0, each)
  const ledger: Ledger = { v: 1, canary: 'c', baseline: 'b', policy, sources: [], rows: [] }
  for (let row = 0; row < MOST_ROWS; row++) {
    const t0 = row * interval
    const stable = weight === 100 ? 0 : within(t0, rate - perSecond)
    const cell: Cell = [
      within(t0, perSecond),
      stable,
      Math.min(within(t0, perSecond), within(t0, perSecond * share)),
      0,
    ]
    const place: Pick<Row, 'weight' | 'slot'> = row === 0 ? { weight: 0, slot: 0 } : { weight, slot: 1 }
    ledger.rows.push({ t0, t1: t0 + interval, ready: 1, cells: { errors: cell }, ...place })
    if (judge({ ledger }).verdict === 'rollback') {
      return perSecond * share * (t0 + interval + scrape + lag + 10)
    }
  }
  return Infinity
}

const MOST_ROWS = 400

/** So many requests fail in the rows that are looked at: a bound beyond them cannot be tried. */
const seenIn = ({ rate, weight, interval, scrape }: World, share: number): number =>
  ((rate * weight) / 100) * share * ((MOST_ROWS - 1) * interval - scrape)

const anyWorld = fc.record({
  rate: fc.integer({ min: 1, max: 3_000 }),
  scrape: fc.integer({ min: 1, max: 60 }),
  interval: fc.constantFrom(1, 5, 15, 60),
  weight: fc.integer({ min: 1, max: 100 }),
})

it('a version that fails everything costs no more than its plan says', async () => {
  await fc.assert(
    fc.asyncProperty(anyWorld, async (world) => {
      const { policy, steps } = await planned(world)
      const bound = steps[1]?.failedIfAllFail ?? 0
      fc.pre(bound < seenIn(world, 1))
      expect(failedUntilBack(policy, world, 1)).toBeLessThanOrEqual(bound + 1)
    }),
    { numRuns: 60, examples: [[{ rate: 4, scrape: 1, interval: 15, weight: 93 }]] },
  )
})

it('neither does one that fails a part, as long as there is a stable beside it', async () => {
  const shares = fc.double({ min: 0.02, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(anyWorld, shares, async (world, share) => {
      fc.pre(world.weight < 100 && world.rate * (world.weight / 100) * share * world.interval > 1)
      const { policy, failed } = await planned(world)
      fc.pre((failed.atMost ?? 0) < seenIn(world, share))
      expect(failedUntilBack(policy, world, share)).toBeLessThanOrEqual((failed.atMost ?? 0) + 1)
    }),
    { numRuns: 60, examples: [[{ rate: 1, scrape: 1, interval: 15, weight: 91 }, 0.073]] },
  )
})
