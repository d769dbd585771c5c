import {
  CancellationScope,
  ChildWorkflowCancellationType,
  log,
  ParentClosePolicy,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import type { NotifyActivities } from '../activities/index.ts'
import type { NotifyInput } from '../activities/notify.ts'
import type { Happening } from '../activities/report.ts'
import { TASK_QUEUE } from '../crds/names.ts'
import { channelsFor } from '../crds/notices.ts'
import { described } from './proxies.ts'
import type { Run } from './run.ts'
import { cut } from './summaries.ts'
import { wordsOf } from './words.ts'

export type TellPeopleInput = Omit<NotifyInput, 'channel'> & {
  /** Of the Rollout. */
  uid: string
  channels: string[]
}

/** Whose word it is. Between releases there is no number. */
export type Teller = Pick<Run, 'picture'> & Partial<Pick<Run, 'number' | 'canary'>>

/**
 * Has people told outside the cluster, by a workflow of its own: a release neither waits for it nor takes it along when it
 * ends. Nothing is done where nobody wants to hear that.
 */
export function sendOut({ picture, number, canary }: Teller, happening: Happening): void {
  const channels = channelsFor(picture.settings.notify ?? [], happening)
  if (channels.length === 0) return
  const { type, reason, message } = happening
  const notice = {
    id: uuid4(),
    at: Date.now(),
    type,
    reason,
    message,
    ...(number === undefined ? {} : { release: number }),
    ...(canary === undefined ? {} : { revision: canary }),
  }
  const input: TellPeopleInput = { ref: picture.ref, uid: picture.target.uid, notice, channels }
  const options = {
    args: [input] as [TellPeopleInput],
    workflowId: `${workflowInfo().workflowId}/notices/${notice.id}`,
    taskQueue: TASK_QUEUE.act,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
    staticSummary: cut(`${reason} to ${channels.join(', ')}`),
  }
  CancellationScope.nonCancellable(() => startChild(tellPeople, options)).catch((error: unknown) =>
    log.warn('nobody is told', { reason, error }),
  )
}

/** One message to every Channel, each on its own: one that is dead delays no other. */
export async function tellPeople({ channels, ...input }: TellPeopleInput): Promise<void> {
  await Promise.all(channels.map((channel) => deliver({ ...input, channel })))
}

/** Whoever cannot be reached within half a minute is tried for hours; that is told once. */
async function deliver({ uid, ...input }: NotifyInput & { uid: string }): Promise<void> {
  try {
    await soon.notify(input)
  } catch (error) {
    const { ref, channel, notice } = input
    const message = `Channel ${channel} was not told ${notice.reason}, which is tried for ${PATIENCE_HOURS} hours: ${wordsOf(error)}`
    const patient = patiently(PATIENCE_HOURS * 3_600_000)
    await patient.recordEvent({ ref, uid, type: 'Warning', reason: 'NotificationFailed', message })
    await patient.notify(input)
  }
}

const PATIENCE_HOURS = 6

/** Half a minute. */
export const soon: NotifyActivities = described({
  taskQueue: TASK_QUEUE.notify,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumAttempts: 5 },
})

/** For whoever was not reached soon. */
export const patiently = (lastsMs: number): NotifyActivities =>
  described({
    taskQueue: TASK_QUEUE.notify,
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: lastsMs,
    retry: { initialInterval: '30s', backoffCoefficient: 2, maximumInterval: '5m' },
  })
