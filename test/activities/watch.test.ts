import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it } from 'vitest'
import { watch, type WatchInput } from '../../activities/watch.ts'
import { decodeLedger, encodeLedger, type Ledger, type Reading, type Row } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { RELEASES } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import { policy } from '../analysis/shop.ts'
import { BEGAN, REF, reading as rowOf, stage, WATCHED, type Scene } from './stage.ts'

type Play = Scene & { input?: Partial<WatchInput> }

const reading = (index: number, failed = 0): Reading => rowOf(index, { cells: { errors: [100, 100, failed, 0] } })

async function play({ input, ...scene }: Play = {}) {
  const { server, kube, deps } = await stage(scene)
  const env = new MockActivityEnvironment()
  return {
    server,
    env,
    run: () => env.run(watch, deps, { ...WATCHED, ...input }),
    stored: async () =>
      (await kube.get<Release>({ resource: RELEASES, namespace: REF.namespace, name: 'checkout-2' }))?.status,
  }
}

it('holds and names Secret and key where the credentials of Prometheus are missing', async () => {
  const auth = { bearerToken: { secret: 'prometheus', key: 'token' } }
  const { run } = await play({ policy: { prometheus: { address: 'http://prometheus', auth } } })
  const result = await run()
  expect(result).toMatchObject({ kind: 'holdChanged', hold: { reason: 'noData' } })
  expect(JSON.stringify(result)).toContain(
    'key token of Secret shop/prometheus cannot be read: there is no such Secret',
  )
})

it('holds on a stored ledger that cannot be read, and leaves it as it is', async () => {
  const { run, stored } = await play({ ledger: 'damaged', readings: [reading(0)] })
  const result = await run()
  expect(JSON.stringify(result)).toContain('the stored ledger is not gzipped JSON in base64')
  expect((await stored())?.ledger).toBe('damaged')
})

it('holds where evidence cannot be stored, and says a rollback all the same', async () => {
  const refused = { code: 403, reason: 'Forbidden', message: 'frozen today' }
  const clean = await play({ readings: [reading(0)] })
  clean.server.interfere(({ method }) => (method === 'PUT' ? refused : undefined))
  const sentence = expect.stringContaining('the evidence cannot be stored: frozen today') as string
  expect(await clean.run()).toMatchObject({ kind: 'holdChanged', hold: { reason: 'noData', sentence } })

  const bad = await play({ readings: [reading(0, 90)] })
  bad.server.interfere(({ method }) => (method === 'PUT' ? refused : undefined))
  expect(await bad.run()).toMatchObject({ kind: 'rollback', reason: 'mostlyBad' })
})

it('stores every row before it goes', async () => {
  const { env, run, stored } = await play({ readings: [reading(0), reading(1), reading(2)] })
  const running = run()
  await expect.poll(async () => (await stored())?.verdict).toBeDefined()
  env.cancel()
  await expect(running).rejects.toThrow('CANCELLED')
  const status = await stored()
  expect(decodeLedger(status?.ledger ?? '').rows).toHaveLength(3)
  expect(status?.verdict?.row).toBe(2)
})

it('only observes requests where it is told to, but not pods', async () => {
  const observe: Play = { policy: { mode: 'observe' }, readings: [reading(0, 90)] }
  const requests = await play(observe)
  const hold = {
    reason: 'wouldRollBack',
    sentence: expect.stringMatching(/^Would have rolled back: 90 of 100/) as string,
  }
  expect(await requests.run()).toMatchObject({ kind: 'holdChanged', hold })

  const crash = { pod: 'x', container: 'checkout', message: 'exit code 1' }
  const pods = await play({
    ...observe,
    input: { lastHold: { reason: 'wouldRollBack' } },
    pods: [
      { desired: 1, ready: 1 },
      { desired: 1, ready: 0, crash },
    ],
  })
  expect(await pods.run()).toMatchObject({ kind: 'rollback', reason: 'crash' })
})

it('lets a ramp climb by rows of its own weight only', async () => {
  const marks = [
    { slot: 0, weight: 5, since: BEGAN, addedPods: false },
    { slot: 1, weight: 25, since: BEGAN + 100, addedPods: false },
  ]
  const split = (index: number): Reading => ({
    ...reading(index),
    cells: { errors: index < 100 ? [5, 95, 0, 0] : [25, 75, 0, 0] },
  })
  const rows = (count: number) => Array.from({ length: count }, (_, index) => split(index))
  const ramp = { ladder: [5, 25, 50], dwell: 0 }
  const running = { kind: 'ramp', from: BEGAN } as const
  const both = { policy: { ramp }, input: { running, marks } }
  const early = await play({ ...both, readings: rows(100) })
  const waiting = early.run()
  await expect.poll(async () => (await early.stored())?.verdict).toBeDefined()
  early.env.cancel()
  await expect(waiting).rejects.toThrow('CANCELLED')

  const late = await play({ ...both, readings: rows(160) })
  expect(await late.run()).toMatchObject({ kind: 'advance', weight: 50 })
})

it('says what it sees first where nothing was judged since, and nothing about what was before', async () => {
  const rows = [reading(0), reading(1), reading(2)]
  const well = await play({ readings: rows, input: { judgedFrom: BEGAN + 2 } })
  expect(await well.run()).toEqual({ kind: 'holdChanged' })
  expect((await well.stored())?.verdict?.row).toBe(2)

  const missing = 'Prometheus does not answer'
  const dark = (index: number): Reading => ({ ...reading(index), cells: {}, missing })
  const down = await play({
    readings: [dark(0), dark(1), dark(2)],
    input: { judgedFrom: BEGAN + 2, lastHold: { reason: 'noData', cause: 'another cause' } },
  })
  expect(await down.run()).toMatchObject({ kind: 'holdChanged', hold: { reason: 'noData', cause: missing } })

  const still = await play({
    readings: [dark(2)],
    input: { judgedFrom: BEGAN + 2, lastHold: { reason: 'noData', cause: missing } },
  })
  expect(await still.run()).toMatchObject({ kind: 'holdChanged', hold: { reason: 'noData', cause: missing } })

  const bad = await play({ readings: [reading(0, 90)], input: { judgedFrom: BEGAN + 2 } })
  expect(await bad.run()).toMatchObject({ kind: 'rollback', reason: 'mostlyBad' })
})

const latency: Policy['metrics'][number] = { name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] }
const queue: Policy['metrics'][number] = {
  name: 'queue',
  kind: 'gauge',
  query: 'queue',
  bounds: { max: 100 },
  advisory: false,
}
/** The last of these rows is read, the others are known. */
async function afterRows(rows: Reading[], rules: Partial<Policy>, lastHold?: WatchInput['lastHold']): Promise<unknown> {
  const known = rows.slice(0, -1).map(({ gap, ...row }): Row => {
    return { ...row, weight: 25, slot: 0, ready: 1, ...(gap ? { flag: 'gap' as const } : {}) }
  })
  const ledger: Ledger = {
    v: 1,
    canary: 'bbb',
    baseline: 'aaa',
    policy: policy({ interval: 1, slots: 2, dataDeadline: 5, ...rules }),
    sources: [],
    rows: known,
  }
  const { run } = await play({
    ledger: encodeLedger(ledger),
    readings: rows.slice(-1),
    ...(lastHold ? { input: { lastHold } } : {}),
  })
  return run()
}

const six = (of: (index: number) => Reading): Reading[] => Array.from({ length: 6 }, (_, index) => of(index + 1))

it('calls a person where one metric of several is silent for the data deadline', async () => {
  const metrics: Policy['metrics'] = [{ name: 'errors', kind: 'requests' }, latency]
  const both: Reading = { ...reading(0), cells: { errors: [9, 9, 0, 0], 'latency:250': [9, 9, 0, 0] } }
  const result = await afterRows([both, ...six(reading)], { metrics }, { reason: 'noData' })
  expect(result).toMatchObject({ kind: 'holdChanged', hold: { reason: 'dataDeadline' } })
  expect(JSON.stringify(result)).toContain('This has lasted 6s, longer than analysis.dataDeadline')
})

it('calls a person for rows with gaps, too', async () => {
  const rows = [reading(0), ...six((index) => ({ ...reading(index), gap: true }))]
  expect(await afterRows(rows, {}, { reason: 'noData' })).toMatchObject({ hold: { reason: 'dataDeadline' } })
})

it('does not call for a bound that was there a moment ago', async () => {
  const valued = six((index) => ({ ...reading(index), cells: {}, gauges: { queue: 1 } }))
  const silent: Reading = { ...reading(7), cells: {}, missing: 'nobody answers' }
  expect(await afterRows([...valued, silent], { metrics: [queue] })).toMatchObject({ hold: { reason: 'noData' } })
})
