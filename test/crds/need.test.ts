import { describe, expect, it } from 'vitest'
import { report, type Progress } from '../../activities/report.ts'
import { stalledConditions, type Stall } from '../../crds/conditions.ts'
import { deedsAt, needOf } from '../../crds/need.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import type { Rollout, RolloutStatus } from '../../crds/schema/rollout.ts'
import type { Run } from '../../workflows/run.ts'
import { withStop } from '../../workflows/stopping.ts'
import { REF, stage } from '../activities/stage.ts'

type Told = Pick<Progress, 'phase' | 'message'> & Partial<Progress>

const RUNNING = {
  ref: REF,
  number: 2,
  canary: 'bbb',
  stable: 'aaa',
  step: '2/4',
  stepIndex: 1,
  weight: 25,
  epoch: 1,
  generation: 1,
  at: Date.now(),
}

/** What people stopped meanwhile. */
type Stops = { paused?: string; suspended?: boolean; held?: Run['held'] }

const runOf = ({ paused, suspended = false, held }: Stops) =>
  ({ override: false, plan: {}, desk: { paused }, suspended, held }) as unknown as Run

/** As the workflow says it, and the engine writes it. */
async function statusOf(told: Told, stops: Stops = {}): Promise<RolloutStatus> {
  const { deps, kube } = await stage({})
  await report(deps, { ...RUNNING, ...withStop(runOf(stops), told) })
  return (await kube.get<Rollout>({ resource: ROLLOUTS, ...REF }))?.status ?? {}
}

const stalled = (status: RolloutStatus, stall: Stall): RolloutStatus => ({
  ...status,
  conditions: [
    ...(status.conditions ?? []),
    ...stalledConditions({ stall, message: 'see there', generation: 1, at: 0 }),
  ],
})

const words = (status: RolloutStatus): string => {
  const reason = (type: string) => status.conditions?.find((condition) => condition.type === type)?.reason
  const phase = reason('Stalled') ?? reason('Ready') ?? 'Pending'
  const { first, more } = deedsAt({ ...status, phase, need: needOf(status) })
  return `${first.join(' ')} | ${more.join(' ')}`
}

const ANALYSING: Told = { phase: 'Analysing', message: 'Analysing bbb at 25 % for 10m' }
const AT_THE_GATE: Told = {
  phase: 'AwaitingApproval',
  gate: 'go',
  message: 'Gate go: waiting for an approval at 25 %',
}
const holding = (hold: string): Told => ({ phase: 'Holding', hold, message: 'Holding at 25 %: as it says.' })
const FROZEN = { phase: 'Frozen', sentence: 'Frozen by Freeze winter' } as const

describe('what a person has to do, and can', () => {
  it.each<[string, Told, Stops, string | undefined, string]>([
    ['an analysis', ANALYSING, {}, undefined, ' | pause step promote abort'],
    ['a gate', AT_THE_GATE, {}, 'approve', 'approve reject | pause promote abort'],
    ['an analysis that a person paused', ANALYSING, { paused: 'anna' }, 'resume', 'resume abort | '],
    ['a gate that a person paused', AT_THE_GATE, { paused: 'anna' }, 'resume', 'resume approve reject | abort'],
    ['a hold that a person paused', holding('noData'), { paused: 'anna' }, 'resume', 'resume abort | '],
    ['a gate during a freeze', AT_THE_GATE, { held: FROZEN }, 'approve', 'approve reject | abort'],
    ['a freeze', ANALYSING, { held: FROZEN }, undefined, ' | abort'],
    ['a suspension', ANALYSING, { suspended: true }, 'resume', ' | abort'],
    [
      'a pause without end',
      { phase: 'Paused', hold: 'untilResumed', message: 'Paused at 25 % until somebody says resume' },
      {},
      'resume',
      'resume abort | promote',
    ],
    [
      'a pause that ends by itself',
      { phase: 'Paused', hold: 'pausing', message: 'Paused at 25 % for 10m' },
      {},
      undefined,
      ' | resume promote abort',
    ],
    [
      'a change window that is closed',
      { phase: 'Paused', message: 'Gate hours: the change window opens at 2030-01-07T08:00:00.000Z (Mon 08:00-17:00)' },
      {},
      undefined,
      ' | pause step promote abort',
    ],
    ['a moment without data', holding('noData'), {}, undefined, 'abort promote | pause'],
    ['data that stay away', holding('dataDeadline'), {}, 'decide', 'abort promote | pause'],
    ['evidence that stays open', holding('inconclusive'), {}, 'decide', 'abort promote | pause'],
    ['requests that do not follow the weight', holding('splitMismatch'), {}, 'decide', 'abort promote | pause'],
    ['a gate that expired', holding('gateExpired'), {}, 'decide', 'abort promote | pause'],
    ['an edit of somebody else', holding('foreignEdit'), {}, 'decide', 'resume abort | promote'],
    ['a route that is gone', holding('routeGone'), {}, 'repair', ' | abort'],
    ['pods that are all gone', holding('retreated'), {}, undefined, 'abort promote | pause'],
    ['a rollback that cannot be written', { phase: 'RollbackBlocked', message: 'refused' }, {}, 'repair', ' | '],
    ['a first installation', { ...ANALYSING, canary: 'aaa' }, {}, undefined, ' | abort'],
    [
      'a release that was promoted',
      { ...ANALYSING, phase: 'Promoted', outcome: 'Promoted' },
      {},
      undefined,
      ' | rollback',
    ],
  ])('at %s', async (_, told, stops, need, deeds) => {
    const status = await statusOf(told, stops)
    expect([needOf(status), words(status)]).toEqual([need, deeds])
  })

  it('does not take abort away while the engine stands still, or a declaration is wrong', async () => {
    const running = await statusOf(ANALYSING)
    for (const stall of ['EngineStuck', 'EngineUnavailable'] as const)
      expect([needOf(stalled(running, stall)), words(stalled(running, stall))]).toEqual(['repair', ' | abort'])
    expect(words(stalled(running, 'InvalidSpec'))).toBe(' | pause step promote abort')
    expect(words(stalled(await statusOf(AT_THE_GATE), 'EngineStuck'))).toBe('approve reject | abort')
  })

  it('is to mend what went back by itself, and nothing after somebody ended it', async () => {
    const ended = { ...ANALYSING, phase: 'RolledBack', outcome: 'RolledBack' } as const
    expect(needOf(stalled(await statusOf(ended), 'AnalysisFailed'))).toBe('decide')
    const aborted = { ...ANALYSING, phase: 'Aborted', outcome: 'Aborted' } as const
    expect(needOf(stalled(await statusOf(aborted), 'Aborted'))).toBeUndefined()
    expect(needOf({})).toBeUndefined()
  })
})
