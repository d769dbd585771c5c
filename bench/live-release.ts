import type { Load } from '../demo/load.ts'
import type { Stage } from '../test/stage/stage.ts'
import { hasLeft, weightsOf, type Sight } from '../test/stage/sight.ts'

export type LiveRelease = {
  stage: Stage
  load: Load
  /** Share of stable's requests that fail from now on. */
  background: string
  /** Behaviour of the canary, as its environment. */
  canary: Record<string, string>
  strategy: object
}

export type Ended = {
  outcome: string
  /** From the first weight to the last: 0 or 100 %. */
  seconds: number
  /** As the sender of the requests counted them. */
  requests: number
  failed: number
  sentence: string
}

const LONGEST_MS = 20 * 60_000
const VERSIONS = ['1.4.0', '1.5.0'] as const

/** One release under load, counted from outside: by the route's weights and by who sent the requests. */
export async function measureRelease({ stage, load, background, canary, strategy }: LiveRelease): Promise<Ended> {
  const { rollout, releases } = stage.now()
  const stable = rollout?.status?.stable ?? ''
  const known = new Set(releases.map(({ spec }) => spec.number))
  await stage.control(stable, { errorShare: Number(background) })
  const version = otherThan(releases.findLast(({ spec }) => spec.revision === stable)?.spec.provenance.images[0] ?? '')
  const before = await countOf(load, version)
  await stage.push({ version, env: { ...canary, RELEASE: `${known.size + 1}` }, spec: { strategy } })
  const revision = await stage.until(
    'a new release',
    (sight) => sight.releases.find(({ spec }) => !known.has(spec.number))?.spec.revision,
  )
  const began = await stage.until('the first weight', (sight) => weightOf(sight, revision) > 0 && Date.now())
  const over = await stage.until(
    'the last weight',
    (sight) => [0, 100].includes(weightOf(sight, revision)) && Date.now(),
    LONGEST_MS,
  )
  const release = await stage.until('the outcome', (sight) =>
    sight.releases.find(({ spec, status }) => spec.revision === revision && status?.outcome !== undefined),
  )
  const after = await countOf(load, version)
  const loser = release.status?.outcome === 'Promoted' ? stable : revision
  await stage.until('everything is at rest', (sight) => hasLeft(sight, loser))
  return {
    outcome: release.status?.outcome ?? '',
    seconds: (over - began) / 1_000,
    requests: after.requests - before.requests,
    failed: after.failed - before.failed,
    sentence: release.status?.verdict?.sentence ?? release.status?.message ?? '',
  }
}

const otherThan = (image: string): string => VERSIONS.find((version) => !image.endsWith(`:${version}`)) ?? VERSIONS[0]

async function countOf(load: Load, version: string): Promise<{ requests: number; failed: number }> {
  const { versions } = await load.stats()
  return versions[version] ?? { requests: 0, failed: 0 }
}

const weightOf = ({ route }: Sight, revision: string): number => (route ? (weightsOf(route)[revision] ?? 0) : 0)
