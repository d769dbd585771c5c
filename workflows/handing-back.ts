import { sleep } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import type { Fence } from '../crds/traffic.ts'
import { insist, watching } from './proxies.ts'
import type { Stay } from './retirement.ts'
import { announce } from './telling.ts'
import { typeOf } from './words.ts'

const TELL_MS = 15_000

/**
 * The Rollout goes, and what serves stays: back to the declared Deployment where it declares what serves, else the pods
 * of stable stay as they are. Every step may be repeated: a run that takes over begins again.
 */
export async function handBack({ picture }: Stay): Promise<void> {
  const { ref, target, stable, settings } = picture
  await comeToRest(picture)
  const found = await insist.beginReturn({ ref, ...(stable === undefined ? {} : { stable }) })
  if (found.kind === 'returning') {
    await declaredReady(picture, found.replicas)
    // Every proxy knows them before they are needed.
    await sleep(settings.settleMs)
    await insist.freeApex({ ref })
    await declaredKnown(picture)
    announce({ picture }, { type: 'Normal', reason: 'HandedBack', message: 'The declared Deployment serves by itself' })
  }
  if (found.kind === 'kept') {
    await insist.sayReturning({ ref, message: found.why ?? `Handing back: the pods of revision ${stable} stay` })
    if (found.why !== undefined) {
      announce({ picture }, { type: 'Warning', reason: 'StableKept', message: found.why })
    }
  }
  const keep = found.kind === 'kept' ? stable : undefined
  // Nobody comes to the pods that leave any more before they do.
  if (picture.revisions.some(({ revision, replicas }) => replicas > 0 && revision !== keep)) {
    await sleep(settings.settleMs + settings.abortScaleDownDelayMs)
  }
  await insist.letGo({ ref, target, ...(keep === undefined ? {} : { keep }) })
}

/** All of the traffic is stable's, and the route reads as in Git. */
async function comeToRest({ ref, target, stable, route, settings, nextNumber, nextSeq }: Picture): Promise<void> {
  if (route.atRest || stable === undefined) return
  await insist.sayReturning({ ref, message: `Handing back: all of the traffic goes to revision ${stable}` })
  const fence: Fence = { uid: target.uid, release: nextNumber - 1, seq: nextSeq + 1 }
  try {
    await insist.pointApex({ ref, stable })
    await sleep(settings.settleMs)
    await insist.restoreRoute({ target, fence })
  } catch (error) {
    // Who deletes the Rollout may have deleted its route or its Service before.
    if (typeOf(error) !== 'RouteMissing' && typeOf(error) !== 'ForeignObject') throw error
  }
}

async function declaredReady({ ref }: Picture, replicas: number): Promise<void> {
  let message = `Handing back: the declared Deployment gets ${replicas} pods again`
  for (;;) {
    await insist.sayReturning({ ref, message })
    const { waitingFor } = await watching.awaitDeclared({ ref, replicas, tellAfterMs: TELL_MS })
    if (waitingFor === undefined) return
    message = `Handing back: ${waitingFor}`
  }
}

/** Clients of the apex have the addresses of the declared Deployment's pods, which it has just begun to select. */
async function declaredKnown({ ref, target, settings }: Picture): Promise<void> {
  const apex = { ref, service: target.service.name, settleMs: settings.settleMs, tellAfterMs: TELL_MS }
  for (;;) {
    const { waitingFor, isGone } = await watching.awaitAddresses(apex)
    if (waitingFor === undefined || isGone) return
    await insist.sayReturning({ ref, message: `Handing back: ${waitingFor}` })
  }
}
