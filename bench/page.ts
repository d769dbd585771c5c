import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { rolloutOf, sightOf } from '../test/browser/world/sights.ts'
import { openChromium } from '../test/browser/chromium.ts'
import { visit } from '../test/browser/visit.ts'
import { openWorld, type World } from '../test/browser/world.ts'
import build from '../test/browser/build.ts'
import { kept, type Report, type Row } from './report.ts'

const ROLLOUTS = 500
const CHANGING = 200
const SECONDS = 60
const TABS = 3
const KINDS = 5

type Seen = { lags: number[]; tasks: number[] }

/** The fleet with 500 Rollouts while 200 of them change every second, in three tabs, over an API server in memory. */
export async function measurePage(): Promise<Report> {
  await build()
  const world = await openWorld({ sights: Array.from({ length: ROLLOUTS }, (_, i) => sightOf(rollout(i, 0))) })
  const browser = await openChromium()
  try {
    const tabs = await Promise.all(
      Array.from({ length: TABS }, () => visit(browser, { url: world.url, token: 'mara' })),
    )
    for (const { page } of tabs)
      await page
        .locator('.row')
        .nth(ROLLOUTS - 1)
        .waitFor({ state: 'attached' })
    const [first] = tabs
    if (!first) throw new Error('no tab is open')
    await first.page.evaluate(WATCH)
    await browser.startTracing(first.page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
    await stir(world)
    const cpu = longestTask(await browser.stopTracing())
    return reportOf(await first.page.evaluate<Seen>(SEEN), {
      watches: world.watches(),
      rows: await rowsOf(first.page),
      cpu,
    })
  } finally {
    await browser.close()
    await world.end()
  }
}

/** Each change carries the moment at which it was made. */
async function stir(world: World): Promise<void> {
  for (let second = 0; second < SECONDS; second++) {
    const started = performance.now()
    for (let i = 0; i < CHANGING; i++) {
      const index = (second * 37 + i) % ROLLOUTS
      world.change(keyOf(index), (seen) => ({
        ...seen,
        rollout: { ...seen.rollout, status: rollout(index, second).status! },
      }))
    }
    await pause(Math.max(0, 1_000 - (performance.now() - started)))
  }
}

const keyOf = (index: number): string => `team-${index % 12}/service-${index}`

function rollout(index: number, second: number) {
  const [namespace = '', name = ''] = keyOf(index).split('/')
  const now = Date.now()
  return rolloutOf({
    namespace,
    name,
    phase: 'Analysing',
    message: `Analysing 3f9a1c2b7d at ${second % 100} % for 5m @${now}`,
    at: now,
    image: `registry.example/${name}:1.2.3`,
    status: { stable: 'b7c41d09ea', canary: '3f9a1c2b7d', weight: second % 100, step: '2/7', release: 4 },
  })
}

/** In the browser: how old a text is when it is written into the page, and which tasks kept a person waiting. */
const WATCH = `(() => {
  window.seen = { lags: [], tasks: [] }
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const at = /@(\\d{13})$/.exec(target.textContent)
      if (at) seen.lags.push(Date.now() - Number(at[1]))
    }
  }).observe(document.querySelector('main'), { characterData: true, subtree: true })
})()`
const SEEN = 'window.seen'

type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number; args?: { name?: string } }

/** Milliseconds that the dearest task of any page kept the processor, however busy the machine was beside it. */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] }
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(threadOf),
  )
  const tasks = traceEvents.filter((event) => event.name === 'RunTask' && mains.has(threadOf(event)))
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1_000), 0)
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}.${tid}`

const rowsOf = (page: Page): Promise<number> => page.locator('.row').count()

type Found = { watches: number; rows: number; cpu: number }

function reportOf({ lags, tasks }: Seen, { watches, rows: shown, cpu }: Found): Report {
  const sorted = lags.toSorted((a, b) => a - b)
  const rows: Row[] = [
    {
      key: 'lagMedianMs',
      what: 'a change is on the page after, median',
      value: at(sorted, 0.5),
      limit: 1_000,
      unit: 'ms',
    },
    { key: 'lag99Ms', what: 'a change is on the page after, 99 of 100', value: at(sorted, 0.99), unit: 'ms' },
    { key: 'longestTaskMs', what: 'longest task of the page', value: Math.max(0, ...tasks), limit: 100, unit: 'ms' },
    { key: 'longestTaskCpuMs', what: 'the same, of the processor alone', value: cpu, limit: 100, unit: 'ms' },
    { key: 'changes', what: 'changes that were seen', value: sorted.length, least: 1, unit: '' },
    { key: 'shown', what: 'Rollouts on the page', value: shown, least: ROLLOUTS, unit: '' },
    { key: 'watches', what: `watches of the API server, ${TABS} tabs open`, value: watches, limit: KINDS, unit: '' },
  ]
  return { ok: rows.every(kept), rows, details: { tasksOver50Ms: tasks.length } }
}

const at = (sorted: number[], share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Infinity
