import { startGround, type Access } from '../test/stage/ground.ts'
import { openStage, type Stage } from '../test/stage/stage.ts'
import { measureRelease, type Ended, type LiveRelease } from './live-release.ts'
import { rowsOf, WAVES, type Wave } from './live-rows.ts'
import { kept, type Report } from './report.ts'

/** As the issue promises its figures: five Rollouts side by side, 100 requests/s each; the slow one has 20. */
const ROLLOUTS = 5
const RPS = 100
const SLOW_RPS = 20
const STEPS = [5, 10, 25, 50].flatMap((setWeight) => [{ setWeight }, { analyze: { for: '2m' } }])
const FIXED = { canary: { steps: STEPS } }
const RAMP = { canary: { ramp: { maxDuration: '15m' } } }

type Story = Pick<LiveRelease, 'background' | 'canary' | 'strategy'>

/** In this order: what is promoted is the next one's stable. */
const STORIES: Record<Wave, Story> = {
  errors: { background: '0.002', canary: { ERROR_SHARE: '0.01' }, strategy: FIXED },
  slow: { background: '0', canary: { SLOW_SHARE: '0.01', SLOW_MS: '1000' }, strategy: FIXED },
  same: { background: '0.005', canary: { ERROR_SHARE: '0.005' }, strategy: FIXED },
  broken: { background: '0.002', canary: { ERROR_SHARE: '1' }, strategy: RAMP },
  good: { background: '0.002', canary: { ERROR_SHARE: '0.002' }, strategy: RAMP },
}

type Player = { stage: Stage; load: LiveRelease['load'] }

/**
 * Waves of real releases with real traffic: five times as many errors, and beside them one that makes 1 % of its requests
 * a second slower; identical versions; entirely broken, and good ones on the ramp. All of them take about 35 minutes;
 * words name the waves that are wanted.
 */
export async function measureLive(words: string[]): Promise<Report> {
  const unknown = words.filter((word) => !WAVES.some((wave) => wave === word))
  if (unknown.length > 0) throw new Error(`there is no wave ${unknown.join(', ')}; there are ${WAVES.join(', ')}`)
  const wanted = WAVES.filter((wave) => words.length === 0 || words.includes(wave))
  await using ground = await startGround()
  await using stages = new AsyncDisposableStack()
  const { access } = ground
  const open = async (name: string, rps: number): Promise<Player> => {
    const stage = stages.use(await openStage({ access, name, retries: 0 }))
    await stage.install(declaration(access))
    return { stage, load: stage.load({ rps }) }
  }
  const slow = wanted.includes('slow') ? await open('live-slow', SLOW_RPS) : undefined
  const fleet: Player[] = []
  if (wanted.some((wave) => wave !== 'slow')) {
    for (let n = 1; n <= ROLLOUTS; n += 1) fleet.push(await open(`live-${n}`, RPS))
  }
  const ended: Partial<Record<Wave, Ended[]>> = {}
  const aside = slow && play('slow', [slow]).then((found) => (ended.slow = found))
  for (const wave of wanted.filter((each) => each !== 'slow')) {
    ended[wave] = await play(wave, fleet)
    if (wave === 'errors') await aside
  }
  await aside
  const rows = rowsOf(ended)
  return { ok: rows.every(kept), rows, details: { rollouts: ROLLOUTS } }
}

const play = (wave: Wave, players: Player[]): Promise<Ended[]> =>
  Promise.all(
    players.map(async (player) => {
      const ended = await measureRelease({ ...player, ...STORIES[wave] })
      const { outcome, seconds, failed, requests, sentence } = ended
      const counts = `${failed} of ${requests} canary requests failed`
      console.log(`${wave}: ${player.stage.namespace} ${outcome}, ${Math.round(seconds)} s, ${counts}: ${sentence}`)
      return ended
    }),
  )

const declaration = (access: Access) => ({
  version: '1.4.0',
  replicas: 2,
  steps: [],
  analysis: {
    interval: '5s',
    prometheus: { address: access.prometheus },
    metrics: [
      { name: 'errors', requests: {} },
      { name: 'latency', latency: { slowerThan: '250ms' } },
    ],
  },
  spec: { strategy: FIXED },
})
