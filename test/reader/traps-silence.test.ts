import { afterAll, beforeAll, describe, it } from 'vitest'
import { createSamplers } from '../../analysis/reader/index.ts'
import { startExporter, startPrometheus, type Exporter } from '../stage/witness.ts'
import { counts, every1s, follow, released } from './rows.ts'
import { add, ARMS, requests, serve } from './series.ts'

/**
 * The traps of analysis.md 6 in which there is no answer, one that is late, or more than one, by number, each against the
 * real Prometheus. Every test has a Rollout of its own, and a process of its own where it breaks one.
 */
let url: string
let exporters: Record<'gateway' | 'dying' | 'delayed' | 'crowd', Exporter>
const open: AsyncDisposable[] = []

beforeAll(async () => {
  const [gateway, dying, delayed, crowd] = await Promise.all([
    startExporter(),
    startExporter(),
    startExporter(),
    startExporter(),
  ])
  exporters = { gateway, dying, delayed, crowd }
  const prometheus = await startPrometheus(Object.values(exporters), undefined, ['--query.max-samples=35000'])
  open.push(prometheus, ...Object.values(exporters))
  url = prometheus.url
})
afterAll(() => Promise.all(open.map((each) => each[Symbol.asyncDispose]())))

const LATE = 'istio_requests_total{destination_service_name="late-c"}'

/** Until Prometheus has it. */
async function shown(query: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`)
    const { data } = (await response.json()) as { data: { result: unknown[] } }
    if (data.result.length > 0) return
  }
}

describe.concurrent('the traps of Prometheus, in what it does not answer', () => {
  const shapes = { nan: NaN, empty: undefined, zero: 7 }
  const names = Object.keys(shapes) as (keyof typeof shapes)[]
  it.for(names.flatMap((canary) => names.map((baseline) => [canary, baseline] as const)))(
    '6: canary %s and stable %s: only zero on both sides is data',
    async ([canary, baseline], { expect }) => {
      const rollout = `${canary}-${baseline}`
      const [ours, theirs] = [shapes[canary], shapes[baseline]]
      if (ours !== undefined) exporters.gateway.counters.set(requests(rollout, 'c', 200), ours)
      if (theirs !== undefined) exporters.gateway.counters.set(requests(rollout, 'b', 200), theirs)
      serve(`${rollout}-witness`, exporters.gateway)
      await using witness = follow(url, released(`${rollout}-witness`))
      // From here on everything above was scraped.
      const { t1 } = await witness.until(counts)
      await using rows = follow(url, released(rollout, { after: t1 }))
      const isData = canary === 'zero' && baseline === 'zero'
      const row = await rows.until((last) => !isData || counts(last))
      expect(row.cells).toEqual(isData ? { errors: [0, 0, 0, 0] } : {})
      expect(row.missing === undefined).toBe(isData)
    },
  )

  it('6: a counter that is NaN for a while holds for a while', async ({ expect }) => {
    serve('wavering', exporters.gateway)
    await using rows = follow(url, released('wavering'))
    await rows.until(counts)
    exporters.gateway.counters.set(requests('wavering', 'c', 200), NaN)
    const broken = await rows.until((row) => !counts(row))
    expect(broken.missing).toContain('istio_requests_total is NaN')
    exporters.gateway.counters.set(requests('wavering', 'c', 200), 5)
    await rows.until(counts)
    exporters.gateway.counters.delete(requests('wavering', 'c', 200))
    const empty = await rows.until((row) => !counts(row))
    expect(empty.missing).toContain('no requests of wavering-c')
  })

  it('6: what was never asked by its own name is no silence where everything is on the canary', async ({ expect }) => {
    add(exporters.gateway, requests('switched', 'c', 200), 0)
    await using compared = follow(url, released('switched'))
    const silent = await compared.until(({ missing }) => missing === 'no requests of switched-b')
    expect(silent.cells).toEqual({})
    await using alone = follow(url, released('switched', { isAlone: true }))
    await alone.until(counts)
    add(exporters.gateway, requests('switched', 'c', 200), 3)
    await alone.until(() => alone.sum()[0] === 3)
    expect(alone.sum()).toEqual([3, 0, 0, 0])
  })

  it('10: a killed pod adds nothing after its last sample, and the others go on', async ({ expect }) => {
    const { gateway, dying } = exporters
    for (const exporter of [gateway, dying]) serve('killed', exporter)
    await using rows = follow(url, released('killed'))
    await rows.until(counts)
    add(dying, requests('killed', 'c', 200), 5)
    await rows.until(() => rows.sum()[0] === 5)
    await dying.kill()
    const gap = await rows.until((row) => row.gap === true)
    expect(gap.t1 - gap.t0).toBe(3)
    add(exporters.gateway, requests('killed', 'c', 200), 2)
    const next = await rows.until(() => rows.sum()[0] === 7)
    expect(next.gap).toBeUndefined()
    expect(rows.sum()).toEqual([7, 0, 0, 0])
  })

  it('11: several series where one is meant are refused, by the names of their labels', async ({ expect }) => {
    serve('several', exporters.gateway)
    for (const queue of ['in', 'out'])
      exporters.gateway.counters.set(`queue_length{app="several-c",queue="${queue}"}`, 3)
    exporters.gateway.counters.set('carts_total{app="several"}', 3)
    const metrics = [
      { name: 'errors', kind: 'requests' as const },
      {
        name: 'queue',
        kind: 'gauge' as const,
        query: 'queue_length{app="$service"}',
        bounds: { max: 9 },
        advisory: false,
      },
      {
        name: 'carts',
        kind: 'counters' as const,
        total: 'carts_total{app="$rollout"}',
        bad: 'carts_bad{app="$rollout"}',
      },
    ]
    await using rows = follow(url, released('several', { policy: every1s({ metrics }) }))
    const row = await rows.until(counts)
    expect(Object.keys(row.cells)).toEqual(['errors'])
    expect(row.gauges).toBeUndefined()
    expect(row.missing).toContain('queue: the query has 2 results instead of one, which differ in queue')
    expect(row.missing).toContain('carts: one series answers for canary and stable: none of app, instance, job')
  })

  it('12: too many series hold their own release, and so does a query that cannot be answered', async ({ expect }) => {
    // Two crowds together are more than this Prometheus answers: the batch has to be split before anyone gets anything.
    const many = ['crowd', 'throng'].flatMap((rollout) =>
      Array.from({ length: 5_001 }, (_, i) => `${requests(rollout, 'c', 200, { source_workload: `caller-${i}` })} 1\n`),
    )
    exporters.crowd.text = many.join('')
    serve('slim', exporters.gateway)
    const sampler = createSamplers()(url, {})
    const broken = {
      name: 'cart',
      kind: 'counters' as const,
      total: 'sum(carts{a="$service"})',
      bad: 'bad{a="$service"}',
    }
    const asked = released('slim', { policy: every1s({ metrics: [{ name: 'errors', kind: 'requests' }, broken] }) })
    await using crowded = follow(url, released('crowd'), sampler)
    await using thronged = follow(url, released('throng'), sampler)
    await using slim = follow(url, released('slim'), sampler)
    await using own = follow(url, asked, sampler)
    await slim.until(counts)
    const isCrowd = ({ tooManySeries }: { tooManySeries?: true }): boolean => tooManySeries === true
    const [row] = await Promise.all([crowded.until(isCrowd), thronged.until(isCrowd)])
    expect(row.missing).toContain('5001 series answer, more than 5000')
    expect(row.cells).toEqual({})
    await slim.until(({ t0 }) => t0 >= row.t0)
    const since = slim.all.slice(slim.all.findIndex(counts))
    expect(since.map(({ missing }) => missing).filter((missing) => missing !== undefined)).toEqual([])
    const half = await own.until(counts)
    expect(half.cells.cart).toBeUndefined()
    expect(half.missing).toMatch(/^cart: counters\.total: Prometheus answers 400/)
  })

  it('13: samples that come a minute late are counted once, in a row that was still open', async ({ expect }) => {
    const now = (): number => Date.now() / 1_000
    const tell = (counted: number, time: number): void => {
      const lines = ARMS.map((arm) => `${requests('late', arm, 200)} ${counted} ${Math.round(time * 1_000)}\n`)
      exporters.delayed.text = lines.join('')
    }
    const start = Math.floor(now()) - 75
    tell(100, start + 1)
    await shown(`last_over_time(${LATE}[2m]) == 100`)
    await using early = follow(url, released('late', { startedAt: start, after: start }))
    await early.until(({ t1 }) => t1 > now() - 5)
    const closed = structuredClone(early.all)
    tell(103, now() - 60)
    await shown(`last_over_time(${LATE}[2m]) == 103`)
    await early.until(({ t1 }) => t1 > now() - 3)
    tell(105, now())
    await early.until(() => early.sum()[0] === 5)
    expect(early.sum()).toEqual([5, 5, 0, 0])
    expect(early.all.slice(0, closed.length)).toEqual(closed)
    for (const [i, row] of early.all.slice(1).entries()) expect(row.t0).toBe(early.all[i]?.t1)
  })
})
