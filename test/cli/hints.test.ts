import { describe, expect, it } from 'vitest'
import { stalledConditions, type Phase, type Stall } from '../../crds/conditions.ts'
import type { RolloutStatus } from '../../crds/schema/rollout.ts'
import { CANARY, stage } from './stage.ts'

const running = { canary: CANARY, release: 2, step: '4/5', weight: 25 }

/** What `sluice status` proposes to type. */
async function hints(phase: Phase, status: Partial<RolloutStatus>, stall?: Stall): Promise<string[]> {
  const cli = await stage()
  cli.rollout(phase, 'as it is', { ...running, ...status })
  if (stall) {
    const conditions = stalledConditions({ stall, message: 'see there', generation: 1, at: 0 })
    cli.rollout(phase, 'as it is', { ...running, ...status, conditions })
  }
  cli.release(2, { step: '4/5', stepIndex: 3, weight: 25 })
  const { out } = await cli.sluice('status', 'checkout')
  return out.match(/^sluice (?!status).*$/gm) ?? []
}

const ABORT = 'sluice abort checkout -n shop --release 2 --reason WHY'
const DIRECT = 'sluice rollback checkout -n shop --direct   (with your own rights)'

describe('what sluice status proposes to type', () => {
  it('names the release that was seen', async () => {
    expect(await hints('AwaitingApproval', { gate: 'go-wide' })).toEqual([
      'sluice approve checkout -n shop --release 2 --gate go-wide',
      ABORT,
    ])
  })

  it('is resume where a person paused or the plan does, and not at a change window', async () => {
    const resume = ['sluice resume checkout -n shop --release 2', ABORT]
    expect(await hints('Paused', { pausedBy: 'anna' })).toEqual(resume)
    expect(await hints('Paused', { hold: 'untilResumed' })).toEqual(resume)
    expect(await hints('Paused', {})).toEqual([])
  })

  it('is to decide where it holds, and nothing while it runs', async () => {
    const promote = 'sluice promote checkout -n shop --release 2   (overrides the hold)'
    const again =
      'sluice retry checkout -n shop   (after abort: begins again, with the spec.analysis that is declared then)'
    expect(await hints('Holding', { hold: 'dataDeadline' })).toEqual([promote, ABORT, again])
    expect(await hints('Analysing', {})).toEqual([])
  })

  it('is abort while the engine stands still or a newer declaration is wrong, and what works without the engine', async () => {
    expect(await hints('Analysing', {}, 'EngineStuck')).toEqual([ABORT, DIRECT])
    expect(await hints('Analysing', {}, 'EngineUnavailable')).toEqual([ABORT, DIRECT])
    expect(await hints('Analysing', {}, 'InvalidSpec')).toEqual([ABORT])
    expect(await hints('RollbackBlocked', {})).toEqual([DIRECT])
  })
})
