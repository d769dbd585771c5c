import { needOf } from '../crds/need.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { describeError, isConflict, isNotFound, type Kube, type Recorder } from '../kube/index.ts'
import { rolloutLog, type Logger, type Metrics } from '../telemetry/index.ts'
import { createAlarm, type Alarm } from './alarm.ts'
import { createBystanders, type Bystanders } from './bystanders.ts'
import { judge, type Judgement, type Look, type View } from './judgement.ts'
import { isLeaving, letGo } from './leaving.ts'
import { forget, freshMemory, isCheckDue, isNews, remember, untilNextMs, type Memory } from './memory.ts'
import { writeStatus, type Saying } from './status.ts'
import { problemAround } from './surroundings.ts'
import type { RolloutRef, Workflows } from './workflows.ts'

/** Milliseconds. */
export type Timing = {
  /** How often the run of a release under way is looked at, and the least time until the same is told again. */
  checkMs: number
  /** How long Temporal may be silent before it is a condition. */
  unavailableAfterMs: number
  /** How soon an invalid spec is looked at again: what it misses may come without an event of its own. */
  invalidMs: number
  /** How long a changed config waits for the template that may follow it. */
  settleMs: number
}

export type ReconcilerOptions = {
  kube: Pick<Kube, 'apply' | 'get' | 'list' | 'mergePatch'>
  workflows: Workflows
  events: Recorder
  log: Logger
  metrics: Pick<Metrics, 'setRollout' | 'forgetRollout'>
  /** Makes known what is only looked at where a Rollout wants it. Has to be done before `view` is asked. */
  follow: (rollout: RolloutRef) => Promise<void>
  /** Undefined when the Rollout is gone. */
  view: (rollout: RolloutRef) => View | undefined
  timing: Timing
}

type Result = { requeueAfterMs?: number }
type Tools = ReconcilerOptions & { bystanders: Bystanders; alarm: Alarm }

/** Level-based: judges what the caches show, tells the run when it has to look, and keeps Stalled true. */
export function createReconciler(given: ReconcilerOptions): (key: string) => Promise<Result> {
  const alarm = createAlarm({ ...given, alarmAfterMs: given.timing.invalidMs })
  const options = { ...given, bystanders: createBystanders(given), alarm }
  const memories = new Map<string, Memory>()
  return async (key) => {
    const ref = refOf(key)
    await options.follow(ref)
    const view = options.view(ref)
    const known = memories.get(key)
    if (!view) {
      if (known) await end(options, ref, known)
      memories.delete(key)
      options.metrics.forgetRollout(ref)
      return {}
    }
    showMetrics(options, ref, view.rollout)
    const memory = await memoryFor(options, ref, view.rollout, known)
    memories.set(key, memory)
    if (isLeaving(view) && !(await letGo(options.kube, logOf(options.log, ref), view)))
      return await tellLook(options, { ref, view, memory }, LEAVING)
    if (view.rollout.metadata.deletionTimestamp) {
      await end(options, ref, memory)
      return {}
    }
    return await act(options, ref, view, memory)
  }
}

/** A Rollout of the same name that was made anew is another one: the run of the old one ends first. */
async function memoryFor(options: ReconcilerOptions, ref: RolloutRef, rollout: Rollout, known: Memory | undefined) {
  const { uid } = rollout.metadata
  if (known?.uid === uid && known) return known
  if (known) await end(options, ref, known)
  return freshMemory(uid)
}

async function end({ workflows, log }: ReconcilerOptions, ref: RolloutRef, memory: Memory): Promise<void> {
  if (memory.cancelled) return
  await workflows.cancel(ref)
  memory.cancelled = true
  logOf(log, ref).info('Rollout deleted, its run was cancelled')
}

async function act(options: Tools, ref: RolloutRef, view: View, memory: Memory): Promise<Result> {
  const { timing } = options
  const judgement = await judgeWithSurroundings(options, view)
  if (judgement.kind === 'look') return tellLook(options, { ref, view, memory }, judgement)
  forget(memory)
  if (judgement.kind === 'rest') {
    await say(options, ref, view.rollout, { stall: judgement.stall, observed: true })
    return {}
  }
  await say(options, ref, view.rollout, {
    stall: { reason: 'InvalidSpec', message: judgement.message },
    observed: true,
  })
  return { requeueAfterMs: timing.invalidMs }
}

/** The run gives back what was taken over. */
const LEAVING: Look = { underWay: true, reason: 'the Rollout is handed back', facts: 'handed back' }

type Subject = { ref: RolloutRef; view: View; memory: Memory }

async function tellLook(options: Tools, { ref, view, memory }: Subject, look: Look): Promise<Result> {
  const { checkMs } = options.timing
  const free = await reach(options, ref, view, memory, () => isFree(options, ref, memory, view.rollout))
  if (!free) return { requeueAfterMs: checkMs / 60 }
  await reach(options, ref, view, memory, () => follow(options, ref, memory, look))
  await say(options, ref, view.rollout, { stall: stallOf(memory, look), observed: false })
  return { requeueAfterMs: untilNextMs(memory, look, checkMs, Date.now()) }
}

/**
 * What is under way has its own way to find out, and a way back. What is around keeps something from beginning; what
 * serves is kept in order all the same, and the condition says it.
 */
async function judgeWithSurroundings(
  { kube, bystanders }: Pick<Tools, 'kube' | 'bystanders'>,
  view: View,
): Promise<Judgement> {
  const judgement = judge(view)
  if (judgement.kind !== 'look' || judgement.underWay) return judgement
  const around = await problemAround(kube, view.rollout)
  if (!judgement.begins) return around === undefined ? judgement : { ...judgement, invalid: around }
  const message = around ?? (await bystanders(view.rollout, view.cached()))
  return message === undefined ? judgement : { kind: 'invalid', message }
}

/** A Rollout that nobody has looked at cannot have a run: one that is there belongs to a deleted namesake, and is ending. */
async function isFree({ workflows }: ReconcilerOptions, ref: RolloutRef, memory: Memory, { status }: Rollout) {
  if (memory.told || status?.conditions) return true
  return !(await workflows.describe(ref)).running
}

/** Tells the run what it does not know yet, and looks from time to time whether there is one and whether it moves. */
async function follow({ workflows, log, timing }: ReconcilerOptions, ref: RolloutRef, memory: Memory, look: Look) {
  let missing = false
  if (isCheckDue(memory, look, timing.checkMs, Date.now())) {
    const { running, trouble } = await workflows.describe(ref)
    memory.stuck = trouble
    memory.checkedAt = Date.now()
    missing = look.underWay && !running
    if (missing) logOf(log, ref).warn('a release is under way without a run')
  }
  if (!missing && !isNews(memory, look, timing.checkMs, Date.now())) return
  await workflows.look(ref)
  remember(memory, look, Date.now())
  logOf(log, ref).info({ reason: look.reason }, 'told the run to look')
}

/** Calls Temporal. When it has not answered for some time, that becomes a condition until it does. */
async function reach<R>(
  options: Tools,
  ref: RolloutRef,
  { rollout }: View,
  memory: Memory,
  call: () => Promise<R>,
): Promise<R> {
  try {
    const answer = await call()
    delete memory.unreachable
    return answer
  } catch (error) {
    memory.unreachable ??= { since: Date.now(), words: describeError(error) }
    const { since, words } = memory.unreachable
    if (Date.now() - since >= options.timing.unavailableAfterMs) {
      const message = `Temporal does not answer (${words}); traffic stays where it is, and the release goes on when it does`
      await say(options, ref, rollout, { stall: { reason: 'EngineUnavailable', message }, observed: false })
    }
    throw error
  }
}

function stallOf({ stuck }: Memory, { invalid }: Look): Saying['stall'] {
  if (stuck !== undefined) return { reason: 'EngineStuck', message: stuck }
  return invalid === undefined ? undefined : { reason: 'InvalidSpec', message: invalid }
}

/** A look at an old version is no failure: the newer one is on its way and brings the next look. */
async function say({ kube, log, alarm }: Tools, ref: RolloutRef, rollout: Rollout, saying: Saying): Promise<void> {
  try {
    await writeStatus(kube, rollout, saying)
    await alarm(rollout, saying.stall)
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error
    logOf(log, ref).debug({ error: describeError(error) }, 'the Rollout changed meanwhile')
  }
}

function showMetrics({ metrics }: ReconcilerOptions, ref: RolloutRef, { status }: Rollout): void {
  const { weight = 0, conditions = [], release } = status ?? {}
  metrics.setRollout({ ...ref, weight, conditions, waits: release !== undefined && needOf(status) !== undefined })
}

const logOf = (log: Logger, { namespace, name }: RolloutRef): Logger => rolloutLog(log, { namespace, rollout: name })

function refOf(key: string): RolloutRef {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}
