import { afterAll, beforeAll, describe, it } from 'vitest'
import { judge, type Ledger } from '../../analysis/index.ts'
import { startExporter, startPrometheus, type Exporter } from '../stage/witness.ts'
import { counts, every1s, follow, released } from './rows.ts'
import { add, answered, ARMS, bucket, durations, requests, serve, type Arm } from './series.ts'

/**
 * The traps of analysis.md 6 in which a number would be wrong, by number, each against the real Prometheus. It asks
 * processes whose counters the tests set; every test has a Rollout of its own.
 */
let url: string
let exporters: Record<'gateway' | 'podA' | 'podB' | 'spelled', Exporter>
const open: AsyncDisposable[] = []

beforeAll(async () => {
  const [gateway, podA, podB, spelled] = await Promise.all([
    startExporter(),
    startExporter(),
    startExporter(),
    startExporter(),
  ])
  exporters = { gateway, podA, podB, spelled }
  const prometheus = await startPrometheus(Object.values(exporters))
  open.push(prometheus, ...Object.values(exporters))
  url = prometheus.url
})
afterAll(() => Promise.all(open.map((each) => each[Symbol.asyncDispose]())))

describe.concurrent('the traps of Prometheus, in what it counts', () => {
  it('1: the first errors of a version, each a new series, are counted', async ({ expect }) => {
    serve('first', exporters.gateway)
    await using rows = follow(url, released('first'))
    await rows.until(counts)
    for (const code of [500, 502, 503]) add(exporters.gateway, requests('first', 'c', code), 1)
    await rows.until(() => rows.sum()[2] === 3)
    expect(rows.sum()).toEqual([3, 0, 3, 0])
  })

  it('3: one of two pods begins anew, and not one request is lost or invented', async ({ expect }) => {
    const { podA, podB } = exporters
    for (const pod of [podA, podB]) serve('restart', pod)
    await using rows = follow(url, released('restart'))
    await rows.until(counts)
    for (const pod of [podA, podB]) serve('restart', pod, 1_000)
    await rows.until(() => rows.sum().join() === '2000,2000,0,0')
    add(podA, requests('restart', 'c', 200), 7)
    add(podB, requests('restart', 'b', 200), 41)
    await rows.until(() => rows.sum().join() === '2007,2041,0,0')
    podB.counters.set(requests('restart', 'c', 200), 13)
    podB.counters.set(requests('restart', 'b', 200), 2)
    await rows.until(() => rows.sum().join() === '2020,2043,0,0')
    add(podB, requests('restart', 'b', 200), 1)
    await rows.until(() => rows.sum()[1] === 2_044)
    expect(rows.sum()).toEqual([2_020, 2_044, 0, 0])
  })

  it.for([
    ['plain', '100', '250'],
    ['float', '100.0', '250.0'],
  ] as const)('5: a boundary is found when the exporter writes it %s', async ([spelling, fast, slow], { expect }) => {
    const observe = (arm: Arm, below: number, all: number): void => {
      for (const [series, amount] of [
        [bucket(spelling, arm, fast), 0],
        [bucket(spelling, arm, slow), below],
        [bucket(spelling, arm, '+Inf'), all],
        [durations(spelling, arm), all],
      ] as const)
        add(exporters.spelled, series, amount)
    }
    for (const arm of ARMS) observe(arm, 0, 0)
    const metrics = [{ name: 'latency', kind: 'latency' as const, slowerThanMs: 90, boundariesMs: [100, 250] }]
    await using rows = follow(url, released(spelling, { policy: every1s({ metrics }) }))
    await rows.until(({ cells }) => cells['latency:250'] !== undefined)
    observe('c', 6, 9)
    observe('b', 20, 20)
    await rows.until(() => rows.sum('latency:250')[1] === 20)
    expect(rows.sum('latency:250')).toEqual([9, 20, 3, 0])
    expect(rows.sum('latency:100')).toEqual([9, 20, 9, 20])
  })

  it('7: a canary that refuses every connection has requests, and all of them failed', async ({ expect }) => {
    serve('refusing', exporters.gateway)
    await using rows = follow(url, released('refusing'))
    await rows.until(counts)
    add(
      exporters.gateway,
      requests('refusing', 'c', 503, { response_flags: 'UF,URX', destination_workload: 'unknown' }),
      9,
    )
    await rows.until(() => rows.sum()[0] === 9)
    expect(rows.sum()).toEqual([9, 0, 9, 0])
    expect(rows.all.find(({ classes }) => classes)?.classes).toEqual({
      'code:503': [9, 0],
      'flag:UF': [9, 0],
      'flag:URX': [9, 0],
    })
  })

  it('8: retries count once at the caller, who decides; every attempt is told by pod', async ({ expect }) => {
    serve('retried', exporters.gateway)
    for (const pod of ['one', 'two']) add(exporters.gateway, answered('retried', pod, 200), 100)
    await using rows = follow(url, released('retried'))
    await rows.until(counts)
    add(exporters.gateway, requests('retried', 'c', 200), 9)
    add(exporters.gateway, requests('retried', 'c', 503), 1)
    add(exporters.gateway, answered('retried', 'one', 200), 9)
    add(exporters.gateway, answered('retried', 'two', 503), 4)
    await rows.until(() => rows.sum()[0] === 10 && rows.all.filter(({ pods }) => pods).length > 0)
    expect(rows.sum()).toEqual([10, 0, 1, 0])
    expect(rows.all.find(({ pods }) => pods)?.pods).toEqual({ two: [4, 4], one: [9, 0] })
  })

  it('9: a gRPC failure in a 200 is bad, a client that went away is not', async ({ expect }) => {
    serve('grpc', exporters.gateway)
    await using rows = follow(url, released('grpc'))
    await rows.until(counts)
    add(exporters.gateway, requests('grpc', 'c', 200, { grpc_response_status: '14' }), 4)
    add(exporters.gateway, requests('grpc', 'c', 200, { grpc_response_status: '5' }), 2)
    add(exporters.gateway, requests('grpc', 'c', 0, { response_flags: 'DC' }), 3)
    await rows.until(() => rows.sum()[0] === 9)
    expect(rows.sum()).toEqual([9, 0, 4, 0])
    expect(rows.all.find(({ classes }) => classes)?.classes).toEqual({ 'code:gRPC 14': [4, 0], 'client:DC': [3, 0] })
  })

  it('14: users who stay with one version come in bursts; tempered by their size they roll nothing back', async ({
    expect,
  }) => {
    serve('sticky', exporters.gateway)
    await using rows = follow(url, released('sticky'))
    await rows.until(counts)
    for (const arm of ARMS) add(exporters.gateway, requests('sticky', arm, 200), 500)
    add(exporters.gateway, requests('sticky', 'c', 500), 15)
    await rows.until(() => rows.sum().join() === '515,500,15,0')
    const ledger = (burst: number): Ledger => ({
      v: 1,
      canary: 'sticky-c',
      baseline: 'sticky-b',
      policy: every1s({ burst }),
      sources: [],
      rows: rows.all.map(({ t0, t1, cells }) => ({ t0, t1, cells, weight: 50, slot: 0, ready: 1 })),
    })
    expect(judge({ ledger: ledger(1) }).verdict).toBe('rollback')
    expect(judge({ ledger: ledger(5) }).verdict).toBe('hold')
  })
})
