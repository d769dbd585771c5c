import { isCancellation } from '@temporalio/workflow'
import type { ReadyInput } from '../activities/ready.ts'
import { podsFor } from '../crds/capacity.ts'
import { revisionObject, sideObject } from '../crds/names.ts'
import { forward, soon, watching } from './proxies.ts'
import type { Run } from './run.ts'
import { announce, tell } from './telling.ts'
import { during } from './waiting.ts'
import { wordsOf } from './words.ts'

const TELL_FIRST_MS = 5_000
const TELL_AGAIN_MS = 60_000

/** Pods first, then the weight: it never rises above what ready pods carry. True when pods were added. */
export async function carry(run: Run, weight: number): Promise<boolean> {
  const replicas = podsFor(loadAt(run, weight), run.replicas)
  const { grown } = await grow(run, replicas)
  const added = grown || run.weight === 0
  // Grown before does not mean ready: whoever waited for these pods may have been interrupted.
  const settleMs = added ? run.picture.settings.settleMs : 0
  await awaitReady(run, { replicas, services: servicesOf(run), settleMs })
  return added
}

/**
 * More is declared while a release is under way, as an autoscaler does: both sides grow where they stand, and neither
 * shrinks before the end.
 */
export async function growAlong(run: Run, replicas: number): Promise<void> {
  if (replicas <= run.replicas || (await growBoth(run, replicas))) run.replicas = replicas
}

/** What is refused is told, keeps nothing else from being seen, and is tried again at the next look. */
async function growBoth(run: Run, replicas: number): Promise<boolean> {
  const sizes = { [run.stable]: replicas, [run.canary]: podsFor(loadAt(run, run.weight), replicas) }
  try {
    await soon.growRevisions({ ref: run.picture.ref, sizes })
    return true
  } catch (error) {
    if (isCancellation(error)) throw error
    const message = `${replicas} replicas are declared, and the revisions do not grow: ${wordsOf(error)}`
    announce(run, { type: 'Warning', reason: 'GrowthRefused', message })
    return false
  }
}

/** So many percent of the replicas are ready; gives their number. */
export async function scaleTo(run: Run, percent: number): Promise<number> {
  const replicas = podsFor(percent, run.replicas)
  await grow(run, replicas)
  await awaitReady(run, { replicas, services: servicesOf(run), settleMs: 0 })
  return replicas
}

/** Pods and the side host, before a route names it. `load`: percent of the requests that the pods have to carry then. */
export async function standBy(run: Run, load: number): Promise<void> {
  const { ref, target, settings } = run.picture
  const replicas = podsFor(loadAt(run, load), run.replicas)
  await grow(run, replicas)
  await during(run, () => forward.prepareSide({ ref, target, revision: run.canary }))
  const services = [...servicesOf(run), sideObject(ref.name, run.canary)]
  await awaitReady(run, { replicas, services, settleMs: settings.settleMs })
}

/** Mirrored requests are load like any other. What has no steps is installed: it takes everything at once. */
const loadAt = ({ aside, plan }: Run, weight: number): number =>
  plan.steps.length === 0 ? 100 : Math.min(100, weight + (aside.mirror?.percent ?? 0))

function grow(run: Run, replicas: number): Promise<{ grown: boolean }> {
  const { ref } = run.picture
  return during(run, () => forward.ensureRevision({ ref, revision: run.canary, release: run.number, replicas }))
}

/** Both sides: stable's own Service is as new as the canary's. */
const servicesOf = ({ picture, stable, canary }: Run): string[] =>
  [stable, canary].map((revision) => revisionObject(picture.ref.name, revision))

/**
 * Waits until so many pods of the canary are ready and clients of these Services have the addresses of theirs; says in the
 * status what stands in the way meanwhile.
 */
export async function awaitReady(
  run: Run,
  { replicas, services, settleMs }: Pick<ReadyInput, 'replicas' | 'services' | 'settleMs'>,
): Promise<void> {
  const { ref, settings } = run.picture
  const deadlineAt = Date.now() + settings.progressDeadlineMs
  for (let tellAfterMs = TELL_FIRST_MS; ; tellAfterMs = TELL_AGAIN_MS) {
    const wanted = { ref, revision: run.canary, replicas, services, deadlineAt, settleMs, tellAfterMs }
    const { waitingFor } = await during(run, () => watching.awaitReady(wanted))
    if (waitingFor === undefined) return
    await tell(run, { phase: 'Progressing', message: `Waiting for the pods of ${run.canary}: ${waitingFor}` })
  }
}
