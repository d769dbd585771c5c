import { randomUUID } from 'node:crypto'
import { findCondition } from '../crds/conditions.ts'
import { channelsFor, type Notice } from '../crds/notices.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { describeError, type Recorder } from '../kube/index.ts'
import { rolloutLog, type Logger } from '../telemetry/index.ts'
import type { Saying } from './status.ts'
import type { Workflows } from './workflows.ts'

export type AlarmOptions = {
  events: Recorder
  workflows: Pick<Workflows, 'tell'>
  log: Logger
  /** Milliseconds. Objects that are applied one after the other miss each other for a while: that is no news. */
  alarmAfterMs: number
}

export type Alarm = (rollout: Rollout, stall: Saying['stall']) => Promise<void>

/** Tells once, by an Event and by the Channels of the Rollout, that it stands still for what no release can tell. */
export function createAlarm(options: AlarmOptions): Alarm {
  const told = new Map<string, string>()
  return async (rollout, stall) => {
    const { uid = '', generation = 0 } = rollout.metadata
    const reason = reasonOf(stall)
    if (!stall || !reason) {
      told.delete(uid)
      return
    }
    if (!(standsForMs(rollout, stall.reason) >= options.alarmAfterMs)) return
    const what = `${reason}-${generation}`
    if (told.get(uid) === what) return
    await raise(options, rollout, { what, reason, message: stall.message })
    told.set(uid, what)
  }
}

type Alarming = { what: string; reason: Notice['reason'] | 'EngineUnavailable'; message: string }

/** How a release ended is told by the release. */
function reasonOf(stall: Saying['stall']): Alarming['reason'] | undefined {
  const reason = stall?.reason
  return reason === 'InvalidSpec' || reason === 'EngineStuck' || reason === 'EngineUnavailable' ? reason : undefined
}

/** NaN where it is news. */
function standsForMs({ status }: Rollout, reason: string): number {
  const stalled = findCondition(status?.conditions, 'Stalled')
  return stalled?.reason === reason ? Date.now() - Date.parse(stalled.lastTransitionTime) : Number.NaN
}

async function raise({ events, workflows, log }: AlarmOptions, rollout: Rollout, alarm: Alarming): Promise<void> {
  const { namespace = '', name, uid = '' } = rollout.metadata
  const { what, reason, message } = alarm
  await events.record({
    regarding: { resource: ROLLOUTS, namespace, name, uid },
    type: 'Warning',
    reason,
    action: reason,
    note: message,
  })
  // Who could tell them is who does not answer.
  if (reason === 'EngineUnavailable') return
  const notice: Notice = { id: randomUUID(), at: Date.now(), type: 'Warning', reason, message }
  const channels = channelsFor(rollout.spec.notify ?? [], notice)
  if (channels.length === 0) return
  try {
    await workflows.tell({ namespace, name }, { uid, what, notice, channels })
  } catch (error) {
    rolloutLog(log, { namespace, rollout: name }).warn({ reason, error: describeError(error) }, 'nobody is told')
  }
}
