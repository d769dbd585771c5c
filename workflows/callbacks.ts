import {
  CancellationScope,
  ChildWorkflowCancellationType,
  log,
  ParentClosePolicy,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import type { CallbackInput } from '../activities/callback.ts'
import { TASK_QUEUE } from '../crds/names.ts'
import { patiently, soon } from './notices.ts'
import type { Run } from './run.ts'
import { wordsOf } from './words.ts'

export type AskOutsideInput = CallbackInput & { gate: string }

/** Has somebody outside told where the gate can be answered, by a workflow of its own: the gate waits for answers only. */
export function invite({ picture, number, stepIndex, weight }: Run, gate: string, closesAt: number): void {
  const id = uuid4()
  const input: AskOutsideInput = {
    ref: picture.ref,
    uid: picture.target.uid,
    release: number,
    stepIndex,
    weight,
    gate,
    id,
    closesAt,
  }
  const options = {
    args: [input] as [AskOutsideInput],
    workflowId: `${workflowInfo().workflowId}/callbacks/${id}`,
    taskQueue: TASK_QUEUE.act,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
    staticSummary: `Callback of gate ${gate}`,
  }
  CancellationScope.nonCancellable(() => startChild(askOutside, options)).catch((error: unknown) =>
    log.warn('nobody outside is asked', { gate, error }),
  )
}

/** Whoever cannot be reached within half a minute is tried until the gate expires; that is told once. */
export async function askOutside({ gate, ...input }: AskOutsideInput): Promise<void> {
  try {
    await soon.callback(input)
  } catch (error) {
    const { ref, uid, release, closesAt } = input
    const leftMs = closesAt - Date.now()
    if (leftMs <= 0) return
    const message = `Callback of gate ${gate} of release ${release}, which is tried until the gate expires: ${wordsOf(error)}`
    const patient = patiently(leftMs)
    await patient.recordEvent({ ref, uid, type: 'Warning', reason: 'CallbackFailed', message })
    await patient.callback(input)
  }
}
