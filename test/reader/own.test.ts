import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Metric } from '../../crds/policy.ts'
import type { SampleRequest } from '../../analysis/index.ts'
import { createSamplers } from '../../analysis/reader/index.ts'
import { startExporter, startPrometheus, type Exporter } from '../stage/witness.ts'
import { every1s, follow, released, type Rows } from './rows.ts'
import { add } from './series.ts'

/** Metrics in PromQL of a user's own, against the real Prometheus. Every test has a Rollout of its own. */
let url: string
let app: Exporter
let other: Exporter
const open: AsyncDisposable[] = []

beforeAll(async () => {
  ;[app, other] = await Promise.all([startExporter(), startExporter()])
  const prometheus = await startPrometheus([app, other])
  open.push(prometheus, app, other)
  url = prometheus.url
})
afterAll(() => Promise.all(open.map((each) => each[Symbol.asyncDispose]())))

const carts = {
  name: 'carts',
  kind: 'counters' as const,
  total: 'carts_total{app="$service"}',
  bad: 'carts_lost{app="$service"}',
}
const queue = (query: string): Metric => ({ name: 'queue', kind: 'gauge', query, bounds: { max: 9 }, advisory: false })

const watch = (rollout: string, metrics: Metric[], changes: Partial<SampleRequest> = {}): Rows =>
  follow(url, released(rollout, { policy: every1s({ metrics }), ...changes }))

const hasCarts = ({ cells }: { cells: Record<string, unknown> }): boolean => cells.carts !== undefined

describe.concurrent('counters of one’s own', () => {
  it('are summed over all series of an arm, each differenced for itself', async ({ expect }) => {
    const cart = (arm: 'c' | 'b', kind: string, shop: string): string =>
      `carts_${kind}{app="sum-${arm}",shop="${shop}"}`
    for (const arm of ['c', 'b'] as const)
      for (const exporter of [app, other]) add(exporter, cart(arm, 'total', 'x'), 0)
    await using rows = watch('sum', [carts])
    await rows.until(hasCarts)
    for (const exporter of [app, other]) add(exporter, cart('c', 'total', 'x'), 10)
    add(app, cart('c', 'total', 'y'), 3)
    add(app, cart('c', 'lost', 'y'), 2)
    add(other, cart('b', 'total', 'x'), 40)
    await rows.until(() => rows.sum('carts').join() === '23,40,2,0')
    other.counters.set(cart('b', 'total', 'x'), 7)
    await rows.until(() => rows.sum('carts')[1] === 47)
    expect(rows.sum('carts')).toEqual([23, 47, 2, 0])
  })

  it('are told apart by whatever the selectors say, names filled in for each arm', async ({ expect }) => {
    const metric = {
      name: 'carts',
      kind: 'counters' as const,
      total: `sales{rev=~"$revision|none",place='$namespace/$rollout'}`,
      bad: `sales{rev=~"$revision|none",place='$namespace/$rollout',result!="ok"}`,
    }
    const sale = (rev: string, result: string): string => `sales{rev="${rev}",place="shop/filled",result="${result}"}`
    for (const rev of ['c', 'b']) for (const result of ['ok', 'lost']) add(app, sale(rev, result), 0)
    await using rows = watch('filled', [metric])
    await rows.until(hasCarts)
    add(app, sale('c', 'ok'), 5)
    add(app, sale('c', 'lost'), 1)
    add(app, sale('b', 'ok'), 6)
    await rows.until(() => rows.sum('carts').join() === '6,6,1,0')
    expect(rows.sum('carts')).toEqual([6, 6, 1, 0])
  })

  it.for([
    ['missing', 'carts_total{app="gone-b"}', 'counters.total: no series answers to carts_total{app="gone-c"}'],
    ['broken', 'carts_total{app="half-c"}', 'carts_total is no count of whole events: 0.5'],
    ['unknown', 'carts_total{app="nan-c"}', 'carts_total is NaN'],
    ['contrary', 'carts_lost{app="more-c"}', 'counters.bad counted more than counters.total'],
  ] as const)('have no data when they are %s, and say why', async ([, series, reason], { expect }) => {
    const rollout = /app="(\w+)-/.exec(series)?.[1] ?? ''
    for (const arm of ['c', 'b'])
      if (rollout !== 'gone' || arm === 'b') add(app, `carts_total{app="${rollout}-${arm}"}`, 0)
    await using rows = watch(rollout, [carts])
    if (rollout !== 'gone') await rows.until(hasCarts)
    add(app, series, rollout === 'half' ? 0.5 : rollout === 'nan' ? NaN : 2)
    const row = await rows.until((last) => !hasCarts(last) && last.missing?.includes(reason) === true)
    expect(row.missing).toContain(`carts: `)
  })

  it('hold nothing but themselves when Prometheus cannot read them', async ({ expect }) => {
    for (const arm of ['c', 'b']) add(app, `carts_total{app="beside-${arm}"}`, 0)
    const broken = { ...carts, name: 'broken', bad: 'rate(carts_lost{app="$service"}[1m])' }
    await using rows = watch('beside', [carts, broken, queue('scalar(up')])
    const row = await rows.until(hasCarts)
    expect(Object.keys(row.cells)).toEqual(['carts'])
    expect(row.missing).toMatch(/broken: counters\.bad: Prometheus answers 400: .*; queue: Prometheus answers 400: /)
  })
})

describe.concurrent('gauges of one’s own', () => {
  it('are read at the end of the row, series and single numbers alike', async ({ expect }) => {
    add(app, 'waiting{app="read-c"}', 4)
    const metrics = [
      queue('sum(waiting{app="$service"})'),
      { ...queue('scalar(waiting{app="$service"}) / 2'), name: 'half' },
    ]
    await using rows = watch('read', metrics)
    const row = await rows.until(({ gauges }) => gauges?.half !== undefined)
    expect(row.gauges).toEqual({ queue: 4, half: 2 })
    add(app, 'waiting{app="read-c"}', 3)
    const next = await rows.until(({ gauges }) => gauges?.queue === 7)
    expect(next.missing).toBeUndefined()
  })

  it.for([
    ['nothing', 'waiting{app="nobody"}', 'queue: the query has no result'],
    ['NaN', 'vector(0) / 0', 'queue: the result of the query is no finite number'],
    ['infinite', 'vector(1) / 0', 'queue: the result of the query is no finite number'],
    ['a range', 'up[10m]', 'queue: the query'],
    ['a word', '"seven"', 'queue: Prometheus answered with a string instead of series'],
  ] as const)('have no data when the answer is %s', async ([, query, reason], { expect }) => {
    await using rows = watch('nothing', [queue(query)])
    const row = await rows.until(({ missing }) => missing !== undefined)
    expect(row.gauges).toBeUndefined()
    expect(row.missing).toContain(reason)
  })
})

describe('the sources of a release', () => {
  it('name every query as it is asked', ({ expect }) => {
    const metrics: Metric[] = [carts, queue('sum(waiting{app="$service"})')]
    expect(createSamplers()(url, {}).sources(released('told', { policy: every1s({ metrics }) }))).toEqual([
      {
        metric: 'carts',
        query: 'carts_lost{app="told-c"}[1000ms] of carts_total{app="told-c"}[1000ms]',
        window: '1s',
      },
      { metric: 'queue', query: 'sum(waiting{app="told-c"})', window: 'at the end of the row' },
    ])
  })
})
