import { analysisOf } from '../test/stage/shop.ts'
import type { Play, PlayOptions } from './loss-play.ts'

/** A story that is played again and again, and the edges that it counts. */
export type Story = {
  edges: string[]
  declaration: (prometheus: string) => PlayOptions['declaration']
  /** `n` from 1. Ends at rest. */
  cycle: (play: Play, n: number) => Promise<void>
}

const HALF = 50

/**
 * What protects requests is as users have it by default: settle (500 ms) and the two quiet rows, which are asked for
 * every 2 s instead of every 15 s, as rows count and seconds do not. What only keeps pods warm is short: scaleDownDelay
 * 2 s for 10 minutes, abortScaleDownDelay 1 s for 30 s. A pause of a second stands for the analysis.
 */
const canary = (prometheus: string, spec: Record<string, unknown> = {}): PlayOptions['declaration'] => ({
  version: '1.4.0',
  steps: [{ setWeight: HALF }, { pause: { for: '1s' } }],
  analysis: analysisOf(prometheus),
  spec,
})

export const STORIES: Record<string, Story> = {
  promote: { edges: ['promote'], declaration: (prometheus) => canary(prometheus), cycle: promote },
  rollback: {
    edges: ['rollback'],
    declaration: (prometheus) =>
      canary(prometheus, { strategy: { canary: { steps: [{ setWeight: HALF }, { pause: {} }] } } }),
    cycle: rollBack,
  },
  supersede: {
    edges: ['supersede'],
    declaration: (prometheus) =>
      canary(prometheus, { strategy: { canary: { steps: [{ setWeight: HALF }, { pause: { for: '5s' } }] } } }),
    cycle: supersede,
  },
}

/** Half of the requests, all of them, the apex moves, the route comes to rest, the old pods go. */
async function promote(play: Play, n: number): Promise<void> {
  const revision = await play.push(`promote-${n}`)
  await arrive(play, revision, `promote-${n}`)
  await play.count('promote')
}

async function arrive(play: Play, revision: string, version: string): Promise<void> {
  const old = play.stable
  await play.weigh({ revision, percent: HALF, version, sign: 'first' })
  await play.weigh({ revision, percent: 100, version: old.version, sign: 'last' })
  await play.ended(revision, 'Promoted')
  await play.gone(old.revision)
  play.stable = { revision, version }
}

/** A person says so, and every other time the evidence does. */
async function rollBack(play: Play, n: number): Promise<void> {
  const version = `rollback-${n}`
  const revision = await play.push(version)
  await play.weigh({ revision, percent: HALF, version, sign: 'first' })
  const byPerson = n % 2 === 1
  await play.stage.until('it waits', ({ rollout }) => rollout?.status?.step === '2/2')
  await (byPerson ? play.stage.say('abort') : play.stage.control(revision, { errorShare: 1 }))
  await play.weigh({ revision, percent: 0, version, sign: 'last' })
  await play.ended(revision, byPerson ? 'Aborted' : 'RolledBack')
  await play.gone(revision)
  await play.count('rollback')
}

/** Half of the requests are with one that has to make way for the next. */
async function supersede(play: Play, n: number): Promise<void> {
  const version = `superseded-${n}`
  const revision = await play.push(version)
  await play.weigh({ revision, percent: HALF, version, sign: 'first' })
  const next = await play.push(`superseding-${n}`)
  await play.weigh({ revision, percent: 0, version, sign: 'last' })
  await play.ended(revision, 'Superseded')
  await arrive(play, next, `superseding-${n}`)
  await play.gone(revision)
  await play.count('supersede')
}
