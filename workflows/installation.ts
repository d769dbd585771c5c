import { CancellationScope, ContinueAsNew } from '@temporalio/workflow'
import type { OpenRelease } from '../activities/picture.ts'
import { lookAfter, UNCOMPARED } from './aftermath.ts'
import { endingOf, pointApexBack, tellEnding } from './back.ts'
import { followLooks } from './looks.ts'
import { openRun } from './opening.ts'
import { awaitReady } from './pods.ts'
import { commit } from './promotion.ts'
import { forward, insist } from './proxies.ts'
import type { Stay } from './stay.ts'
import type { Run } from './run.ts'
import { tell } from './telling.ts'
import { during } from './waiting.ts'

/** Nothing serves, so there is nothing to compare with: the declared revision takes everything as soon as it is ready. */
export async function install(stay: Stay, number: number, replaces?: string): Promise<void> {
  const revision = stay.picture.declared.revision
  const run = await openRun(stay, { number, revision, stable: replaces ?? revision })
  await complete(stay, run, { replaces, serves: false })
}

/** It serves already: what is left is to look after it. */
export async function installed(stay: Stay, { number, revision, from: replaces }: OpenRelease): Promise<void> {
  const run = await openRun(stay, { number, revision, stable: replaces ?? revision })
  await complete(stay, run, { replaces, serves: true })
}

type Place = { replaces: string | undefined; serves: boolean }

async function complete(stay: Stay, run: Run, { replaces, serves }: Place): Promise<void> {
  const { number } = run
  const declared = run.plan
  run.plan = { steps: [] }
  // There is nothing to skip: promote and step have no meaning here.
  run.override = true
  stay.lastNumber = number
  const aside = new CancellationScope()
  void aside.run(() => followLooks(run))
  try {
    if (!serves) await bringUp(run, replaces)
    await conclude(run, replaces ? await lookAfter(run, declared) : UNCOMPARED)
    if (replaces) {
      const until = Date.now() + stay.picture.settings.scaleDownDelayMs
      stay.warm.push({ revision: replaces, until, release: number })
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error
    await CancellationScope.nonCancellable(() => giveUp(stay, run, error, replaces))
  } finally {
    aside.cancel()
  }
}

async function bringUp(run: Run, replaces: string | undefined): Promise<void> {
  const { ref, settings, adoption } = run.picture
  // Whatever serves already has to be met by nobody who does not yet know of its successor.
  const settleMs = replaces || adoption ? settings.settleMs : 0
  if (adoption) await insist.beginAdoption({ ref })
  await tell(run, {
    phase: 'Progressing',
    message: `Starting revision ${run.canary}: ${replaces ? `${replaces} has no ready pod` : adoption ? 'the pods of the declared Deployment serve meanwhile' : 'the first one'}`,
  })
  const wanted = { ref, revision: run.canary, release: run.number, replicas: run.replicas }
  await during(run, () => forward.ensureRevision(wanted))
  // Clients of an adopted Service may have them already: it selects pods of the old and of the new Deployment.
  const services = adoption ? [run.picture.target.service.name] : []
  await awaitReady(run, { replicas: run.replicas, services, settleMs })
  await insist.pointApex({ ref, stable: run.canary })
  await commit(run)
  run.weight = 100
}

async function conclude(run: Run, how: string): Promise<void> {
  const message = `Revision ${run.canary} serves all of the traffic, ${how}`
  const event = { type: 'Normal', reason: 'Promoted', message: `Release ${run.number}: ${message}` } as const
  await tell(run, { phase: 'Promoted', outcome: 'Promoted', stable: run.canary, message, event })
}

/**
 * There is no stable to go back to: say why, leave no pods behind, and wait for another declaration. Those that were to
 * be adopted serve by themselves, and `retire` waits for that.
 */
async function giveUp(stay: Stay, run: Run, error: unknown, replaces?: string): Promise<void> {
  if (replaces) await pointApexBack(run, replaces)
  else if (run.picture.adoption) await insist.freeApex({ ref: run.picture.ref })
  const ending = endingOf(error)
  stay.warm.push({ revision: run.canary, until: Date.now(), release: run.number })
  await tellEnding(run, ending)
  stay.desk.looked = true
}
