import { startGround, type Access } from '../test/stage/ground.ts'
import { openStage, type Stage } from '../test/stage/stage.ts'
import { measureRelease, type Ended } from './live-release.ts'
import { kept, median, type Report, type Row } from './report.ts'

/** As the issue promises its figures: five Rollouts side by side, 100 requests/s each; the slow one has 20. */
const ROLLOUTS = 5
const RPS = 100
const SLOW_RPS = 20
const STEPS = [5, 10, 25, 50].flatMap((setWeight) => [{ setWeight }, { analyze: { for: '2m' } }])
const FIXED = { canary: { steps: STEPS } }
const RAMP = { canary: { ramp: { maxDuration: '15m' } } }

/**
 * Four waves of real releases with real traffic: five times as many errors, against an identical version, entirely
 * broken on the ramp, and good on the ramp; beside the first wave one that makes 1 % of its requests a second slower.
 * About 35 minutes.
 */
export async function measureLive(): Promise<Report> {
  await using ground = await startGround()
  await using stages = new AsyncDisposableStack()
  const { access } = ground
  const open = async (name: string): Promise<Stage> => {
    const stage = stages.use(await openStage({ access, name, retries: 0 }))
    await stage.install(declaration(access))
    return stage
  }
  const fleet: Stage[] = []
  for (let n = 1; n <= ROLLOUTS; n += 1) fleet.push(await open(`live-${n}`))
  const slow = await open('live-slow')
  const loads = new Map(fleet.map((stage) => [stage, stage.load({ rps: RPS })]))
  const slowLoad = slow.load({ rps: SLOW_RPS })
  const wave = (what: string, background: string, canary: Record<string, string>, strategy: object): Promise<Ended[]> =>
    Promise.all(
      [...loads].map(async ([stage, load]) => {
        const ended = await measureRelease({ stage, load, background, canary, strategy })
        console.log(`${what}: ${stage.namespace} ${ended.outcome}, ${sayOf(ended)}`)
        return ended
      }),
    )
  const late = { SLOW_SHARE: '0.01', SLOW_MS: '1000' }
  const [errors, slowed] = await Promise.all([
    wave('1 % errors, stable 0.2 %', '0.002', { ERROR_SHARE: '0.01' }, FIXED),
    measureRelease({ stage: slow, load: slowLoad, background: '0', canary: late, strategy: FIXED }),
  ])
  console.log(`1 % of requests a second slower: ${slowed.outcome}, ${sayOf(slowed)}`)
  await slowLoad.stop()
  const same = await wave('0.5 % errors on both sides', '0.005', { ERROR_SHARE: '0.005' }, FIXED)
  const broken = await wave('fully broken, on the ramp', '0.002', { ERROR_SHARE: '1' }, RAMP)
  const good = await wave('good, on the ramp', '0.002', { ERROR_SHARE: '0.002' }, RAMP)
  return reportOf({ errors, slowed, same, broken, good })
}

const sayOf = ({ seconds, failed, requests, sentence }: Ended): string =>
  `${Math.round(seconds)} s, ${failed} of ${requests} canary requests failed: ${sentence}`

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

type Waves = { errors: Ended[]; slowed: Ended; same: Ended[]; broken: Ended[]; good: Ended[] }

function reportOf({ errors, slowed, same, broken, good }: Waves): Report {
  const not = (wanted: string, ended: Ended[]): number => ended.filter(({ outcome }) => outcome !== wanted).length
  const count = (key: string, what: string, value: number): Row => ({ key, what, value, limit: 0, unit: '' })
  const middle = (key: string, what: string, samples: number[], unit: string, limit?: number): Row => ({
    key,
    what,
    value: median(samples),
    unit,
    samples,
    ...(limit === undefined ? {} : { limit }),
  })
  const rows = [
    count('errorsMissed', '1 % errors: not rolled back', not('RolledBack', errors)),
    middle('errorsFailed', '  canary requests that failed', failedOf(errors), '', 25),
    middle('errorsSeconds', '  first weight → end', secondsOf(errors), 's'),
    count('slowMissed', '+1 s on 1 % at 20/s: not rolled back', not('RolledBack', [slowed])),
    middle('slowSeconds', '  first weight → end', [slowed.seconds], 's'),
    count('falseRollbacks', '0.5 % errors on both sides: not promoted', not('Promoted', same)),
    count('brokenMissed', 'fully broken on the ramp: not rolled back', not('RolledBack', broken)),
    {
      ...middle('brokenFailed', '  canary requests that failed, most', failedOf(broken), '', 20),
      value: Math.max(...failedOf(broken)),
    },
    count('goodMissed', 'good on the ramp: not promoted', not('Promoted', good)),
    middle('goodSeconds', '  first weight → 100 %', secondsOf(good), 's', 600),
  ]
  return { ok: rows.every(kept), rows, details: { rollouts: ROLLOUTS } }
}

const failedOf = (ended: Ended[]): number[] => ended.map(({ failed }) => failed)
const secondsOf = (ended: Ended[]): number[] => ended.map(({ seconds }) => seconds)
