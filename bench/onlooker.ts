import type { Browser, Page } from 'playwright-core'
import { visit } from '../test/browser/visit.ts'
import { quantile, type Row } from './report.ts'

export type OnlookerOptions = {
  url: string
  token: string
  /** Rollouts that are to be on the page before anything is noted. */
  rows: number
}

/** What one tab of the fleet showed. All of it in milliseconds. */
export type Seen = {
  /** How old each text was when it was written into the page. */
  lags: number[]
  /** Tasks over 50 ms, as a person's clock measures them. */
  tasks: number[]
  /** What the dearest task of any page kept the processor, however busy the machine was beside it. */
  dearest: number
  /** Rollouts on the page at the end. */
  shown: number
}

/** A tab of Chromium that looks at the fleet. Of changes whose message ends in `@` and the moment they were made, it notes how old they are. */
export async function openOnlooker(browser: Browser, { url, token, rows }: OnlookerOptions) {
  const { page, end } = await visit(browser, { url, token })
  const row = page.locator('.row')
  await row.nth(rows - 1).waitFor({ state: 'attached' })
  await page.evaluate(WATCH)
  const from = performance.now()
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] })
  return {
    /** Ends the look. Throws where the browser complained, and where it did not say how long its tasks took. */
    async end(): Promise<Seen> {
      const lookedMs = performance.now() - from
      const dearest = dearestTask(await browser.stopTracing(), lookedMs)
      const noted = await notedBy(page)
      const shown = await row.count()
      await end()
      return { ...noted, dearest, shown }
    },
  }
}

export const stamped = (words: string): string => `${words} @${Date.now()}`

/** As the issue promises them. `changes` were made while it looked. */
export function rowsOf({ lags, tasks, dearest, shown }: Seen, { changes, rows }: { changes: number; rows: number }) {
  return [
    {
      key: 'pageLagMedianMs',
      what: 'a change is on the page after, median',
      value: quantile(lags, 0.5),
      limit: 1_000,
      unit: 'ms',
    },
    { key: 'pageLag99Ms', what: 'a change is on the page after, 99 of 100', value: quantile(lags, 0.99), unit: 'ms' },
    { key: 'longestTaskMs', what: 'longest task of the page', value: Math.max(0, ...tasks), limit: 100, unit: 'ms' },
    { key: 'dearestTaskMs', what: 'the same, of the processor alone', value: dearest, limit: 100, unit: 'ms' },
    { key: 'seen', what: 'changes that were seen', value: lags.length, least: changes * SEEN_SHARE, unit: '' },
    { key: 'shown', what: 'Rollouts on the page', value: shown, least: rows, unit: '' },
  ] satisfies Row[]
}

/** Two changes of one Rollout may be drawn as one; a page that left out more would not be current. */
const SEEN_SHARE = 0.95

/** In the browser. */
const WATCH = `(() => {
  window.noted = { lags: [], tasks: [] }
  new PerformanceObserver((list) => noted.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const at = /@(\\d{13})$/.exec(target.textContent)
      if (at) noted.lags.push(Date.now() - Number(at[1]))
    }
  }).observe(document.querySelector('main'), { characterData: true, subtree: true })
})()`

const notedBy = (page: Page): Promise<Pick<Seen, 'lags' | 'tasks'>> => page.evaluate('window.noted')

type TraceEvent = { name: string; ts: number; pid: number; tid: number; tdur?: number; args?: { name?: string } }

function dearestTask(trace: Buffer, lookedMs: number): number {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] }
  const mains = new Set(
    traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain').map(threadOf),
  )
  const tasks = traceEvents
    .filter((event) => event.name === 'RunTask' && mains.has(threadOf(event)))
    .toSorted((one, other) => one.ts - other.ts)
  // What fills its memory goes on without a word.
  const reachMs = ((tasks.at(-1)?.ts ?? 0) - (tasks[0]?.ts ?? 0)) / 1_000
  if (reachMs < TRACED_SHARE * lookedMs) throw new Error(`the trace of the browser ends after ${reachMs} ms`)
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1_000), 0)
}

const TRACED_SHARE = 0.9

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid}.${tid}`
