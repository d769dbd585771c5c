import { ActivityFailure, ApplicationFailure, condition, isCancellation } from '@temporalio/workflow'
import { formatDuration } from '../crds/duration.ts'
import type { Step } from '../crds/plan.ts'
import type { DecideInput } from './contract.ts'
import { takeApproval } from './desk.ts'
import { isWatching, watch } from './guard.ts'
import { carry } from './pods.ts'
import { volley } from './proxies.ts'
import { nextFence, tell, type Run } from './run.ts'
import { throwIfInterrupted, waitFor } from './waiting.ts'

/** Holds under which no step ends and no weight rises while the canary has traffic. */
const BLOCKING = new Set(['noData', 'splitMismatch', 'localised', 'inconclusive', 'dataDeadline', 'tooManySeries'])

/** One step of the plan, from its beginning or from where an earlier run of this chain left it. */
export async function doStep(run: Run, step: Step): Promise<void> {
  switch (step.kind) {
    case 'setWeight':
      return setWeight(run, step.weight)
    case 'analyze':
      return analyze(run, step.forMs)
    case 'pause':
      return pause(run, step.forMs)
    case 'approve':
      return approve(run, step)
  }
}

/** A forward write that cannot be made for so long ends the release. */
const WRITE_MS = 5 * 60_000
const VOLLEY_MS = 10_000

/** Nothing moves forward on ignorance, nor while a person or the spec says stop. */
export async function mayGoForward(run: Run): Promise<void> {
  throwIfInterrupted(run)
  if (!standsInTheWay(run)) return
  await tell(run, { phase: 'Holding', message: standsInTheWay(run) ?? '' })
  await waitFor(run, () => standsInTheWay(run) === undefined)
}

/** Writes the weight and hands the guard over to it; the old watch goes on until the new weight was read back. */
export async function shift(run: Run, weight: number, addedPods: boolean): Promise<void> {
  const slot = nextSlot(run)
  if (!isWatching(run.guard)) watch(run.guard, [...run.marks, { slot, weight, since: Date.now() / 1_000, addedPods }])
  await write(run, { [run.stable]: 100 - weight, [run.canary]: weight })
  run.weight = weight
  run.marks.push({ slot, weight, since: Date.now() / 1_000, addedPods })
  watch(run.guard, run.marks)
}

/**
 * One traffic write at a time. Not interruptible while it is under way, because a half-known weight is worse than a late
 * abort; but between its volleys an alarm or an abort is heard, so that none waits longer than one of them.
 */
export async function write(run: Run, weights: Record<string, number>, stable?: string): Promise<void> {
  await condition(() => !run.writing)
  run.writing = true
  try {
    const { target } = run.picture
    const wanted = { target, weights, replicas: run.replicas, ...(stable ? { stable } : {}) }
    const gaveUpAt = Date.now() + WRITE_MS
    for (let written = false; !written;) {
      try {
        await volley(VOLLEY_MS, VOLLEY_MS / 2).setTraffic({ ...wanted, fence: nextFence(run) })
        written = true
      } catch (error) {
        if (isFinal(error) || isCancellation(error) || Date.now() > gaveUpAt) throw error
        throwIfInterrupted(run)
      }
    }
  } finally {
    run.writing = false
  }
}

async function setWeight(run: Run, weight: number): Promise<void> {
  await mayGoForward(run)
  if (weight === run.weight) return
  const addedPods = await carry(run, weight)
  await mayGoForward(run)
  await shift(run, weight, addedPods)
  await tell(run, {
    phase: 'Progressing',
    message: `${weight} % of the traffic goes to ${run.canary}`,
    event: {
      type: 'Normal',
      reason: 'WeightSet',
      message: `Release ${run.number}: ${weight} % of the traffic goes to revision ${run.canary}`,
    },
  })
}

async function analyze(run: Run, forMs: number): Promise<void> {
  await tell(run, {
    phase: 'Analysing',
    message: `Analysing ${run.canary} at ${run.weight} % for ${formatDuration(forMs)}`,
  })
  watch(run.guard, run.marks, { from: run.stepSince / 1_000, for: forMs / 1_000 })
  await waitFor(run, () => run.guard.advanced !== undefined)
  await mayGoForward(run)
}

async function pause(run: Run, forMs: number | undefined): Promise<void> {
  const until = forMs === undefined ? 'until somebody says resume' : `for ${formatDuration(forMs)}`
  await tell(run, { phase: 'Paused', message: `Paused at ${run.weight} % ${until}` })
  const resumed = run.desk.resumed
  const ends = forMs === undefined ? Infinity : run.stepSince + forMs
  await waitFor(run, () => run.desk.resumed > resumed, ends)
  await mayGoForward(run)
}

async function approve(run: Run, gate: Extract<Step, { kind: 'approve' }>): Promise<void> {
  const { subject } = run.desk
  if (subject) subject.gate = gate.name
  await tell(run, {
    phase: 'AwaitingApproval',
    gate: gate.name,
    message: `Gate ${gate.name}: waiting for an approval at ${run.weight} %`,
    event: { type: 'Normal', reason: 'ApprovalNeeded', message: `Release ${run.number} waits at gate ${gate.name}` },
  })
  const approved = () => run.desk.inbox.some((word) => word.action === 'approve' && word.gate === gate.name)
  let word: DecideInput | undefined
  try {
    if (!(await waitFor(run, approved, run.stepSince + gate.expiresAfterMs))) await expire(run, gate.name)
  } finally {
    if (subject) delete subject.gate
    word = takeApproval(run.desk, gate.name)
  }
  const message = `Gate ${gate.name} approved by ${word?.by}${word?.reason ? `: ${word.reason}` : ''}`
  await tell(run, { phase: 'Progressing', message, event: { type: 'Normal', reason: 'GateApproved', message } })
  await mayGoForward(run)
}

/** Holds for good: an approval may come too late, `promote` and `abort` never do. */
async function expire(run: Run, gate: string): Promise<void> {
  delete run.desk.subject?.gate
  const message = `Gate ${gate} expired at ${run.weight} %: promote or abort release ${run.number}`
  await tell(run, { phase: 'Holding', message, event: { type: 'Warning', reason: 'GateExpired', message } })
  await waitFor(run, () => false)
}

function standsInTheWay(run: Run): string | undefined {
  if (run.routeGone) return 'Holding: the route is gone; put the VirtualService and its named routes back'
  if (run.override) return undefined
  if (run.desk.paused) return 'Paused by a person; resume lets it go on'
  if (run.suspended) return 'Suspended: spec.suspend is true'
  const hold = run.guard.hold
  if (run.weight > 0 && hold && BLOCKING.has(hold.reason)) return hold.sentence
  return undefined
}

const nextSlot = (run: Run): number => (run.marks.at(-1)?.slot ?? -1) + 1

const isFinal = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true
