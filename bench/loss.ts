import { parseArgs } from 'node:util'
import { startGround, type Access } from '../test/stage/ground.ts'
import { openPlay } from './loss-play.ts'
import { STORIES } from './loss-stories.ts'
import type { EdgeTally } from './loss-tally.ts'
import { kept, median, type Report, type Row } from './report.ts'

/** As the issue promises its figures. */
const CYCLES = 20
const ENDPOINT_DELAY_MS = 1_000
/** Per cycle: half a second of the load, less than any edge takes. An edge that saw fewer was not under it. */
const LEAST_REQUESTS = 100
/** Stories side by side; each of them has its own load. */
const LANES = 2

/**
 * Every edge of a release twenty times, under 220 requests/s of open-loop load without retries: whatever is lost, or
 * answered by the mesh alone, is counted. `--cycles` and `--only` (story names, comma-separated) make it shorter,
 * `--lanes` gives a busy machine less to do at a time.
 */
export async function measureLoss(words: string[]): Promise<Report> {
  const { cycles, lanes, names } = wanted(words)
  await using ground = await startGround({ endpointDelayMs: ENDPOINT_DELAY_MS })
  const tallies: Record<string, EdgeTally> = {}
  const waiting = [...names]
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      Object.assign(tallies, await play(ground.access, name, cycles))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const rows = rowsOf(tallies)
  return { ok: rows.every(kept), rows, details: { cycles } }
}

function wanted(words: string[]): { cycles: number; lanes: number; names: string[] } {
  const options = {
    cycles: { type: 'string', default: String(CYCLES) },
    lanes: { type: 'string', default: String(LANES) },
    only: { type: 'string' },
  } as const
  const { values } = parseArgs({ args: words, options })
  const [cycles, lanes] = [countOf('cycles', values.cycles), countOf('lanes', values.lanes)]
  const names = values.only?.split(',') ?? Object.keys(STORIES)
  const unknown = names.filter((name) => STORIES[name] === undefined)
  if (unknown.length === 0) return { cycles, lanes, names }
  throw new Error(`there is no story ${unknown.join(', ')}; there are ${Object.keys(STORIES).join(', ')}`)
}

function countOf(flag: string, text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new Error(`--${flag} takes a number from 1, not ${text}`)
}

async function play(access: Access, name: string, cycles: number): Promise<Record<string, EdgeTally>> {
  const story = STORIES[name]!
  await using played = await openPlay({ access, name: `loss-${name.toLowerCase()}`, open: story.open })
  for (let n = 1; n <= cycles; n += 1) {
    const began = Date.now()
    await story.cycle(played, n)
    const sums = Object.entries(played.tallies).map(([edge, tally]) => `${edge} ${sumUp(tally)}`)
    console.log(`${name} ${n} of ${cycles}, ${Math.round((Date.now() - began) / 1_000)} s: ${sums.join('; ')}`)
  }
  for (const [edge, { trouble }] of Object.entries(played.tallies)) {
    for (const { at, what } of trouble.slice(0, 10)) console.log(`${edge}: ${new Date(at).toISOString()} ${what}`)
  }
  return played.tallies
}

const sumUp = ({ requests, lost, mesh, worstMs }: EdgeTally): string =>
  `${requests} requests, ${lost} lost, ${mesh} by the mesh, worst ${worstMs} ms`

function rowsOf(tallies: Record<string, EdgeTally>): Row[] {
  const edges = Object.entries(tallies).flatMap(([edge, tally]): Row[] => [
    {
      key: `${edge}Requests`,
      what: `${edge}: requests in ${tally.cycles} cycles`,
      value: tally.requests,
      least: LEAST_REQUESTS * tally.cycles,
      unit: '',
    },
    { key: `${edge}Lost`, what: '  without an answer', value: tally.lost, limit: 0, unit: '' },
    { key: `${edge}ByMesh`, what: '  answered by the mesh alone', value: tally.mesh, limit: 0, unit: '' },
    { key: `${edge}WorstMs`, what: '  worst latency', value: tally.worstMs, unit: 'ms' },
  ])
  const samples = Object.values(tallies).flatMap(({ seenMs }) => seenMs)
  if (samples.length === 0) return edges
  const seen = { unit: 'ms', samples }
  return [
    ...edges,
    { ...seen, key: 'weightSeenMedianMs', what: 'weight written → seen, median', value: median(samples) },
    { ...seen, key: 'weightSeenMaxMs', what: 'weight written → seen, at most', value: Math.max(...samples) },
  ]
}
