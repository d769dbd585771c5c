import type { Load } from '../demo/load.ts'
import type { Access } from '../test/stage/ground.ts'
import { hasLeft, weightsOf, type Sight } from '../test/stage/sight.ts'
import { openStage, type Stage } from '../test/stage/stage.ts'
import { addLap, noTally, seenAfter, type EdgeTally, type Written } from './loss-tally.ts'

/** A shop under load whose cycles are counted, edge by edge. */
export type Play = AsyncDisposable & {
  stage: Stage
  /** What serves, and the version that its answers name. */
  stable: { revision: string; version: string }
  /** Declares what answers with this version. Gives its revision as soon as there is a new release of it. */
  push(version: string): Promise<string>
  /** Waits for a weight of a revision and remembers when it was written. */
  weigh(weight: Weight): Promise<void>
  /** Waits for the end of the newest release of a revision; throws when it ended otherwise: a figure of another story is none. */
  ended(revision: string, outcome: string): Promise<void>
  /** Waits until nothing of this revision is left and the route is at rest. */
  gone(revision: string): Promise<void>
  /** Everything since the last edge is this one's. */
  count(edge: string): Promise<void>
  tallies: Record<string, EdgeTally>
}

/** `percent` of `revision`; what it is seen by: the first answer of `version`, or its last. */
export type Weight = { revision: string; percent: number; version: string; sign: Written['sign'] }

export type Declared = Parameters<Stage['install']>[0]

export type PlayOptions = {
  access: Access
  name: string
  /** Brings the shop up, and resolves when it answers; what is declared of a Rollout, if there is one already. */
  open: (stage: Stage, access: Access) => Promise<Declared | undefined>
}

/** Through the gateway on the route that is managed, and beside it on one that names the apex. No retries on either. */
const GATEWAY_RPS = 200
const APEX_RPS = 20
/** A machine that is busy with something else answers late; a request is lost when nobody ever answers. */
const TIMEOUT_MS = 30_000
const PATIENCE_MS = 180_000

/** Declares `version` by what its answers are to name. */
export const answering = (declared: Declared, version: string): Declared => ({
  ...declared,
  env: { ...declared.env, VERSION: version },
})

export async function openPlay({ access, name, open }: PlayOptions): Promise<Play> {
  const stage = await openStage({ access, name, retries: 0 })
  const declared = await open(stage, access)
  const loads = [
    stage.load({ rps: GATEWAY_RPS, timeoutMs: TIMEOUT_MS }),
    stage.load({ rps: APEX_RPS, timeoutMs: TIMEOUT_MS, headers: { 'x-beta': '1' } }),
  ]
  const { rollout } = stage.now()
  const written: Written[] = []
  const tallies: Record<string, EdgeTally> = {}
  return {
    stage,
    stable: { revision: rollout?.status?.stable ?? '', version: declared?.env?.VERSION ?? '' },
    tallies,
    async push(version) {
      if (!declared) throw new Error('nothing is declared that could be changed')
      const known = Math.max(...stage.now().releases.map(({ spec }) => spec.number))
      await stage.push(answering(declared, version))
      return stage.until(
        `a release of ${version}`,
        ({ releases }) => releases.find(({ spec }) => spec.number > known)?.spec.revision,
        PATIENCE_MS,
      )
    },
    async weigh({ revision, percent, version, sign }) {
      const isThere = (sight: Sight): boolean => shareOf(sight, revision) === percent
      const at = await stage.until(`${percent} % of ${version}`, (sight) => isThere(sight) && Date.now(), PATIENCE_MS)
      written.push({ version, at, sign })
    },
    ended: (revision, outcome) => ended(stage, revision, outcome),
    async gone(revision) {
      await stage.until(`${revision} has left`, (sight) => hasLeft(sight, revision), PATIENCE_MS)
    },
    async count(edge) {
      const tally = (tallies[edge] ??= noTally())
      const [managed, ...others] = await Promise.all(loads.map((load: Load) => load.lap()))
      for (const lap of [managed!, ...others]) addLap(tally, lap)
      tally.cycles += 1
      tally.seenMs.push(...written.splice(0).map((each) => seenAfter(each, managed!)))
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

const shareOf = ({ route }: Sight, revision: string): number => (route ? (weightsOf(route)[revision] ?? 0) : 0)

async function ended(stage: Stage, revision: string, outcome: string): Promise<void> {
  const status = await stage.until(
    `the release of ${revision} is over`,
    ({ releases }) => {
      const newest = releases.findLast(({ spec }) => spec.revision === revision)?.status
      return newest?.outcome !== undefined && newest
    },
    PATIENCE_MS,
  )
  if (status.outcome !== outcome) throw new Error(`expected ${outcome}, not ${status.outcome}: ${status.message}`)
}
