import type { Load } from '../demo/load.ts'
import { openStage, type Stage } from '../test/stage/stage.ts'
import type { Access } from '../test/stage/ground.ts'
import { hasLeft, weightsOf, type Sight } from '../test/stage/sight.ts'
import { addLap, noTally, seenAfter, type EdgeTally, type Written } from './loss-tally.ts'

/** A shop under load whose cycles are counted, edge by edge. */
export type Play = AsyncDisposable & {
  stage: Stage
  /** What serves, and the version that its answers name. */
  stable: { revision: string; version: string }
  /** Declares a version that was never declared before. Gives its revision as soon as there is a release of it. */
  push(version: string): Promise<string>
  /** Waits for a weight of the canary and remembers when it was written. */
  weigh(written: Weight): Promise<void>
  /** Waits for the end of the release; throws when it ended otherwise: a figure of another story is none. */
  ended(revision: string, outcome: string): Promise<void>
  /** Waits until nothing of this revision is left and the route is at rest. */
  gone(revision: string): Promise<void>
  /** Everything since the last edge is this one's. */
  count(edge: string): Promise<void>
  tallies: Record<string, EdgeTally>
}

/** `percent` of `revision`; what it is seen by: the first answer of `version`, or its last. */
export type Weight = { revision: string; percent: number; version: string; sign: Written['sign'] }

export type PlayOptions = { access: Access; name: string; declaration: Parameters<Stage['install']>[0] }

/** Through the gateway on the route that is managed, and beside it on one that names the apex. No retries on either. */
const GATEWAY_RPS = 200
const APEX_RPS = 50
const PATIENCE_MS = 120_000

export async function openPlay({ access, name, declaration }: PlayOptions): Promise<Play> {
  const stage = await openStage({ access, name, retries: 0 })
  const revision = await stage.install(named(declaration, 'first'))
  const managed = stage.load({ rps: GATEWAY_RPS })
  const apex = stage.load({ rps: APEX_RPS, headers: { 'x-beta': '1' } })
  const written: Written[] = []
  const tallies: Record<string, EdgeTally> = {}
  return {
    stage,
    stable: { revision, version: 'first' },
    tallies,
    async push(version) {
      const known = Math.max(...stage.now().releases.map(({ spec }) => spec.number))
      await stage.push(named(declaration, version))
      return stage.until(
        `a release of ${version}`,
        ({ releases }) => releases.find(({ spec }) => spec.number > known)?.spec.revision,
      )
    },
    async weigh({ revision: whose, percent, version, sign }) {
      const isThere = (sight: Sight): boolean => (sight.route ? (weightsOf(sight.route)[whose] ?? 0) : 0) === percent
      const at = await stage.until(`${percent} % of ${version}`, (sight) => isThere(sight) && Date.now(), PATIENCE_MS)
      written.push({ version, at, sign })
    },
    ended: (whose, outcome) => ended(stage, whose, outcome),
    async gone(whose) {
      await stage.until(`${whose} has left`, (sight) => hasLeft(sight, whose), PATIENCE_MS)
    },
    async count(edge) {
      const tally = (tallies[edge] ??= noTally())
      const laps = await Promise.all([managed, apex].map((load: Load) => load.lap()))
      for (const lap of laps) addLap(tally, lap)
      tally.cycles += 1
      tally.seenMs.push(...written.splice(0).map((each) => seenAfter(each, laps[0]!)))
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

type Declared = PlayOptions['declaration']

const named = (declaration: Declared, version: string): Declared => ({
  ...declaration,
  env: { ...declaration.env, VERSION: version },
})

async function ended(stage: Stage, revision: string, outcome: string): Promise<void> {
  const { status } = await stage.until(
    `the release of ${revision} is over`,
    ({ releases }) => releases.findLast(({ spec, status: said }) => spec.revision === revision && said?.outcome),
    PATIENCE_MS,
  )
  if (status?.outcome !== outcome) throw new Error(`expected ${outcome}, not ${status?.outcome}: ${status?.message}`)
}
