import { condition, isCancellation } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import type { ReleaseInput } from './contract.ts'
import type { Desk } from './desk.ts'
import { foreignDrift } from './drift.ts'
import { insist } from './proxies.ts'
import { asInterruption, type Interruption, type Run } from './run.ts'
import { abortedOnRoute, reverted, superseded, waitsItsTurn } from './start.ts'
import { announce, tell } from './telling.ts'
import { putBack } from './weights.ts'

/** Undefined when the Rollout is gone. */
export function observe(input: ReleaseInput, desk: Desk, release?: number): Promise<Picture | undefined> {
  desk.looked = false
  return insist.observe({ ref: { namespace: input.namespace, name: input.name }, ...(release ? { release } : {}) })
}

/**
 * While a release is under way: sees what changed around it, and puts it down for the main loop. Ends by cancellation;
 * what it had not followed up by then is left to be looked at.
 */
export async function followLooks(run: Run): Promise<void> {
  try {
    for (;;) {
      await condition(() => run.desk.looked)
      const picture = await observe(run.input, run.desk, run.number)
      const found = picture ? discover(run, picture) : gone(run)
      if (found) run.discovered ??= found
      else if (picture) await adapt(run, picture)
    }
  } catch (error) {
    if (isCancellation(error)) run.desk.looked = true
    else run.discovered ??= asInterruption(error)
  }
}

function discover(run: Run, picture: Picture): Interruption | undefined {
  const { declared, route } = picture
  if (picture.deleting) return gone(run)
  if (route.record?.aborted === run.number) return { kind: 'abortedOnRoute', sentence: abortedOnRoute(run.number) }
  if (declared.isStable) return { kind: 'reverted', sentence: reverted(run.number, run.stable) }
  if (declared.revision !== run.canary && !(waitsItsTurn(picture) && !isInstalling(run)))
    return { kind: 'superseded', sentence: superseded(run.number, declared.revision) }
  if (!run.writing && route.foreign?.direction === 'towardsStable') {
    return { kind: 'foreignEdit', sentence: `Aborted: ${route.foreign.manager} moved the route towards stable` }
  }
  const drift = foreignDrift(run, picture)
  if (drift) return drift
  const lost = route.found && !route.record && !(route.weights[run.canary] ?? 0)
  if (!run.writing && run.weight > 0 && lost) {
    return { kind: 'foreignEdit', sentence: 'Aborted: the route was replaced, and the canary is no longer on it' }
  }
  return undefined
}

async function adapt(run: Run, picture: Picture): Promise<void> {
  run.replicas = picture.replicas
  run.suspended = picture.suspend
  run.routeGone = !picture.route.found
  sayWhoWaits(run, picture)
  const { foreign } = picture.route
  if (run.weight === 0 || run.writing || foreign?.direction !== 'towardsCanary') return
  await putBack(run)
  const message = `${foreign.manager} moved the route towards the canary: put back to ${run.weight} %`
  await tell(run, { phase: 'Progressing', message, event: { type: 'Warning', reason: 'ForeignEdit', message } })
}

/** Nothing serves meanwhile. */
const isInstalling = ({ picture }: Run): boolean => picture.stable === undefined || picture.stableReady === 0

/** The newest one only: whoever waited before is not released at all. */
function sayWhoWaits(run: Run, { declared }: Picture): void {
  const waiting = declared.revision === run.canary ? undefined : declared.revision
  if (waiting !== undefined && waiting !== run.queued) {
    const message = `Revision ${waiting} waits until release ${run.number} has ended`
    announce(run, { type: 'Normal', reason: 'RevisionQueued', message })
  }
  run.queued = waiting
}

const gone = (run: Run): Interruption => ({
  kind: 'deleted',
  sentence: `Release ${run.number} ends: the Rollout is being deleted`,
})
