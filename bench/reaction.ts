import { setTimeout as sleep } from 'node:timers/promises'
import { revisionObject } from '../crds/names.ts'
import type { Release } from '../crds/schema/release.ts'
import { startGround, type Access } from '../test/stage/ground.ts'
import { analysisOf, ROLLOUT } from '../test/stage/shop.ts'
import { podsOf, weightsOf, type Sight } from '../test/stage/sight.ts'
import { openStage, type Stage } from '../test/stage/stage.ts'
import { failedSoFar, firstBadSample } from './prometheus.ts'
import { kept, median, type Report, type Row } from './report.ts'

/** As the issue promises its figures: 2-s interval, 1-s scrape, 100 requests/s, canary at 25 %, 0.2 % errors otherwise. */
const RELEASES = 10
const RPS = 100
const WEIGHT = 25
const BACKGROUND = 0.002
const BAD = 0.2
/** A quarter of them is two pods: "the last canary pod" is one of several. */
const REPLICAS = 8
/** How long a canary is watched before it turns bad: at random, so that no phase of rows or scrapes is favoured. */
const WATCHED_MS = { least: 4_000, most: 9_000 }

type Times = { begun: number[]; bad: number[]; aborted: number[]; seen: number[]; row: number[] }

/**
 * Twenty releases in turn: of each the time from its pods' readiness to its first request's weight, of every other one
 * the time from bad to safe, of the rest the time from a person's word to safe. All times are those at which this
 * process was told by watches, milliseconds of one clock.
 */
export async function measureReaction(): Promise<Report> {
  await using ground = await startGround()
  const { access } = ground
  await using stage = await openStage({ access, name: 'reaction', retries: 0 })
  const times: Times = { begun: [], bad: [], aborted: [], seen: [], row: [] }
  await stage.install(declaration(access, 0))
  stage.load({ rps: RPS })
  for (let release = 1; release <= 2 * RELEASES; release += 1) {
    await (release % 2 === 1 ? turnBad(stage, access, release, times) : abort(stage, access, release, times))
    console.log(
      `release ${release} of ${2 * RELEASES}: ${release % 2 === 1 ? 'turned bad' : 'aborted'}, back at stable`,
    )
  }
  return reportOf(times)
}

const declaration = (access: Access, release: number) => ({
  version: '1.4.0',
  env: { RELEASE: `${release}`, ERROR_SHARE: `${BACKGROUND}` },
  replicas: REPLICAS,
  steps: [{ setWeight: WEIGHT }, { analyze: { for: '30m' } }],
  analysis: analysisOf(access.prometheus),
})

/** Releases a new revision; returns it as soon as it has its weight. */
async function begin(stage: Stage, access: Access, release: number, times: Times): Promise<string> {
  const known = new Set(stage.now().releases.map(({ spec }) => spec.revision))
  await stage.push(declaration(access, release))
  const isNew = (revision: string | undefined): revision is string => revision !== undefined && !known.has(revision)
  const canary = await stage.until('a new release', ({ releases }) =>
    releases.map(({ spec }) => spec.revision).find(isNew),
  )
  const ready = stage.until('the canary is ready', (sight) => isReady(sight, canary) && Date.now())
  const weighted = stage.until('the first weight', (sight) => weightOf(sight, canary) > 0 && Date.now())
  times.begun.push((await weighted) - (await ready))
  return canary
}

async function turnBad(stage: Stage, access: Access, release: number, times: Times): Promise<void> {
  const canary = await begin(stage, access, release, times)
  await sleep(WATCHED_MS.least + Math.random() * (WATCHED_MS.most - WATCHED_MS.least))
  const { prometheus } = access
  const subject = { prometheus, namespace: stage.namespace, workload: revisionObject(ROLLOUT, canary) }
  const before = await failedSoFar(subject)
  const switched = Date.now()
  const shown = firstBadSample(subject, before)
  await stage.control(canary, { errorShare: BAD })
  const safe = await withdrawn(stage, canary)
  times.bad.push(safe - (await shown))
  times.seen.push((await shown) - switched)
  const { verdict } = (await ended(stage, canary, 'RolledBack')).status ?? {}
  times.row.push((verdict?.at ?? 0) * 1_000 - (await shown))
}

async function abort(stage: Stage, access: Access, release: number, times: Times): Promise<void> {
  const canary = await begin(stage, access, release, times)
  await stage.until('it is analysed', ({ rollout }) => rollout?.status?.step === '2/2')
  const safe = withdrawn(stage, canary)
  const said = Date.now()
  await stage.say('abort')
  times.aborted.push((await safe) - said)
  await ended(stage, canary, 'Aborted')
}

const withdrawn = (stage: Stage, canary: string): Promise<number> =>
  stage.until('the canary has no traffic', (sight) => weightOf(sight, canary) === 0 && Date.now())

/** Throws when it ended otherwise: a figure of another story is none. */
async function ended(stage: Stage, canary: string, outcome: string): Promise<Release> {
  const release = await stage.until('the release is over', ({ releases }) =>
    releases.find(({ spec, status }) => spec.revision === canary && status?.outcome !== undefined),
  )
  if (release.status?.outcome === outcome) return release
  throw new Error(`expected ${outcome}, not ${release.status?.outcome}: ${release.status?.message}`)
}

const weightOf = ({ route }: Sight, canary: string): number => (route ? (weightsOf(route)[canary] ?? 0) : 0)

function isReady(sight: Sight, canary: string): boolean {
  const pods = podsOf(sight, canary)
  const isPodReady = ({ status }: (typeof pods)[number]): boolean =>
    status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') ?? false
  return pods.length >= Math.ceil((REPLICAS * WEIGHT) / 100) && pods.every(isPodReady)
}

function reportOf(times: Times): Report {
  const seconds = (values: number[]): number[] => values.map((ms) => ms / 1_000)
  const row = (key: string, what: string, values: number[], limit?: number): Row => ({
    key: `${key}Seconds`,
    what,
    value: median(seconds(values)),
    unit: 's',
    samples: seconds(values),
    ...(limit === undefined ? {} : { limit }),
  })
  const rows = [
    row('readyToWeight', 'last canary pod Ready → first weight', times.begun, 1),
    row('badToSafe', 'first bad sample in Prometheus → weight 0', times.bad, 5),
    row('abortToSafe', 'abort sent → weight 0', times.aborted, 0.3),
    row('badToSample', '  turned bad → first bad sample', times.seen),
    row('sampleToRow', '  first bad sample → end of the deciding row', times.row),
  ]
  return { ok: rows.every(kept), rows, details: { releases: 2 * RELEASES } }
}
