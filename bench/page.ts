import { setTimeout as sleep } from 'node:timers/promises'
import build from '../test/browser/build.ts'
import { openChromium } from '../test/browser/chromium.ts'
import { visit } from '../test/browser/visit.ts'
import { openWorld, type World } from '../test/browser/world.ts'
import { rolloutOf, sightOf } from '../test/browser/world/sights.ts'
import { openOnlooker, rowsOf, stamped } from './onlooker.ts'
import { kept, type Report, type Row } from './report.ts'

const ROLLOUTS = 500
const CHANGING = 200
const SECONDS = 60
const TABS = 3
const KINDS = 5

/** The fleet with 500 Rollouts while 200 of them change every second, in three tabs, over an API server in memory. */
export async function measurePage(): Promise<Report> {
  await build()
  const world = await openWorld({ sights: Array.from({ length: ROLLOUTS }, (_, i) => sightOf(rollout(i, 0))) })
  const browser = await openChromium()
  try {
    const who = { url: world.url, token: 'mara' }
    for (let tab = 1; tab < TABS; tab++) await visit(browser, who)
    const onlooker = await openOnlooker(browser, { ...who, rows: ROLLOUTS })
    const changes = await stir(world)
    const seen = await onlooker.end()
    const watches: Row = {
      key: 'watches',
      what: `watches of the API server, ${TABS} tabs open`,
      value: world.watches(),
      least: KINDS,
      limit: KINDS,
      unit: '',
    }
    const rows = [...rowsOf(seen, { changes, rows: ROLLOUTS }), watches]
    return { ok: rows.every(kept), rows, details: { changes, tasksOver50Ms: seen.tasks.length } }
  } finally {
    await browser.close()
    await world.end()
  }
}

/** Gives the number of changes. */
async function stir(world: World): Promise<number> {
  const begun = performance.now()
  for (let second = 0; second < SECONDS; second++) {
    for (let i = 0; i < CHANGING; i++) {
      const index = (second * 37 + i) % ROLLOUTS
      world.change(keyOf(index), (seen) => ({
        ...seen,
        rollout: { ...seen.rollout, status: rollout(index, second).status! },
      }))
    }
    await sleep(Math.max(0, begun + (second + 1) * 1_000 - performance.now()))
  }
  return CHANGING * SECONDS
}

const keyOf = (index: number): string => `team-${index % 12}/service-${index}`

function rollout(index: number, second: number) {
  const [namespace = '', name = ''] = keyOf(index).split('/')
  return rolloutOf({
    namespace,
    name,
    phase: 'Analysing',
    message: stamped(`Analysing 3f9a1c2b7d at ${second % 100} % for 5m`),
    at: Date.now(),
    image: `registry.example/${name}:1.2.3`,
    status: { stable: 'b7c41d09ea', canary: '3f9a1c2b7d', weight: second % 100, step: '2/7', release: 4 },
  })
}
