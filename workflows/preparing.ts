import { firstLoad, podsFor } from '../crds/capacity.ts'
import type { Reason } from '../crds/notices.ts'
import { forward } from './proxies.ts'
import { nextFence, type Run } from './run.ts'
import { holdOff } from './stopping.ts'
import { tell, type Telling } from './telling.ts'
import { during, endingInterruption, waitFor } from './waiting.ts'

/** Nothing is made for a release that may not begin: that it waits is told by whoever follows what stops it. */
export async function mayEnter(run: Run): Promise<void> {
  const isHeld = (): boolean => run.weight === 0 && !run.override && holdOff(run) !== undefined
  if (isHeld()) await waitFor(run, () => !isHeld())
}

/** Pods, Services and destinations of both revisions, before anything is written on the route. */
export async function prepare(run: Run): Promise<void> {
  const { ref, target } = run.picture
  if (run.weight > 0) return
  await tellBeginning(run)
  const wanted = {
    ref,
    target,
    release: run.number,
    stable: run.stable,
    canary: run.canary,
    fence: nextFence(run),
    canaryReplicas: podsFor(firstLoad(run.plan.steps.slice(run.stepIndex)), run.replicas),
    stableReplicas: run.replicas,
  }
  await during(run, () => forward.prepare(wanted), endingInterruption)
}

/**
 * Once: a run that takes over goes on with what the status says. Why there is a release at all is an Event, where the
 * template does not tell.
 */
async function tellBeginning(run: Run): Promise<void> {
  const { number, canary, because, plan, recovered, input } = run
  if (input.carried?.release?.number === number) return
  const isFirst = !recovered
  const event = (reason: Reason, message: string): Pick<Telling, 'event'> =>
    isFirst ? { event: { type: 'Normal', reason, message: `Release ${number}: ${message}` } } : {}
  if (plan.returns) {
    const message = `Returning to revision ${canary}, which served before: without gates, hooks and pauses${because ? ` (${because})` : ''}`
    return tell(run, { phase: 'Progressing', message, ...event('Returning', message) })
  }
  const message = `Preparing revision ${canary}`
  if (because === undefined) return tell(run, { phase: 'Progressing', message })
  await tell(run, { phase: 'Progressing', message: `${message}: ${because}`, ...event('ConfigChanged', because) })
}
