import { analysisOf } from '../test/stage/shop.ts'
import type { Access } from '../test/stage/ground.ts'
import { adopt, type Story } from './loss-adoption.ts'
import { answering, type Declared, type Play, type PlayOptions } from './loss-play.ts'

const HALF = 50
const PAUSED = [{ setWeight: HALF }, { pause: {} }]

/**
 * What protects requests is as users have it by default: settle (500 ms) and the two quiet rows, which are asked for
 * every 2 s instead of every 15 s, as rows count and seconds do not. What only keeps pods warm is short: scaleDownDelay
 * 2 s for 10 minutes, abortScaleDownDelay 1 s for 30 s. A pause of a second stands for the analysis.
 */
const shop =
  (spec: Record<string, unknown> = {}): PlayOptions['open'] =>
  async (stage, { prometheus }) => {
    const declared: Declared = answering(
      {
        version: '1.4.0',
        steps: [{ setWeight: HALF }, { pause: { for: '1s' } }],
        analysis: analysisOf(prometheus),
        spec,
      },
      'first',
    )
    await stage.install(declared)
    return declared
  }

const canary = (steps: object[]): Record<string, unknown> => ({ strategy: { canary: { steps } } })

/** In this order: what takes longest begins first. */
export const STORIES: Record<string, Story> = {
  adoption: adopt,
  supersede: { open: shop(canary([{ setWeight: HALF }, { pause: { for: '3s' } }])), cycle: supersede },
  rollback: { open: shop(canary(PAUSED)), cycle: rollBack },
  blueGreen: { open: shop({ strategy: { blueGreen: {} }, bake: { for: '1h' } }), cycle: switchAndReturn },
  promote: { open: shop(), cycle: promote },
  warmReturn: { open: openWarm, cycle: returnWarm },
}

/** Half of the requests, all of them, the apex moves, the route comes to rest, the old pods go. */
async function promote(play: Play, n: number): Promise<void> {
  const version = `promote-${n}`
  await arrive(play, await play.push(version), version)
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
  await play.stage.until('it waits', ({ rollout }) => rollout?.status?.step === '2/2')
  const byPerson = n % 2 === 1
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

/** Everything at once, and everything back while it bakes. */
async function switchAndReturn(play: Play, n: number): Promise<void> {
  const version = `green-${n}`
  const revision = await play.push(version)
  await play.weigh({ revision, percent: 100, version, sign: 'first' })
  await play.stage.until('it bakes', ({ rollout }) => rollout?.status?.message?.startsWith('Baking'))
  await play.count('switch')
  await play.stage.say('abort')
  await play.weigh({ revision, percent: 0, version, sign: 'last' })
  await play.ended(revision, 'Aborted')
  await play.gone(revision)
  await play.count('switchBack')
}

/** Two versions, both warm. */
async function openWarm(
  ...[stage, access]: [Parameters<PlayOptions['open']>[0], Access]
): Promise<Declared | undefined> {
  const declared = await shop({ scaleDownDelay: '1h', bake: { for: '2s' } })(stage, access)
  if (!declared) return undefined
  // Without requests there is nothing to judge by.
  const load = stage.load({ rps: 50 })
  await stage.push(answering(declared, 'second'))
  await stage.until('the second is promoted', ({ rollout, releases }) => {
    const second = releases.find(({ spec }) => spec.number === 2)
    return second?.status?.outcome === 'Promoted' && rollout?.status?.stable === second.spec.revision
  })
  await load.stop()
  return answering(declared, 'second')
}

/** Back to the one before, which then is the one before. */
async function returnWarm(play: Play): Promise<void> {
  const old = play.stable
  const version = old.version === 'second' ? 'first' : 'second'
  const revision = await play.push(version)
  await play.weigh({ revision, percent: 100, version, sign: 'first' })
  await play.ended(revision, 'Promoted')
  play.stable = { revision, version }
  await play.count('warmReturn')
}
