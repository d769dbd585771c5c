import { sleep } from '@temporalio/workflow'
import type { Returning } from '../activities/handing-back.ts'
import type { Fence } from '../crds/traffic.ts'
import { insist, watching } from './proxies.ts'
import { beginAnew, type Stay } from './stay.ts'
import { showReturning } from './story.ts'
import { announce } from './telling.ts'
import { isDue } from './waiting.ts'
import { typeOf } from './words.ts'

const TELL_MS = 15_000

/**
 * The Rollout goes, and what serves stays: back to the declared Deployment where it declares what serves, else the pods
 * of stable stay as they are. Every step may be repeated: a run that takes over begins again.
 */
export async function handBack(stay: Stay): Promise<void> {
  const { ref, target, revisions, settings } = stay.picture
  await comeToRest(stay)
  const found = await giveBack(stay)
  if (found.kind === 'kept') await keepStable(stay, found)
  else await insist.unselectLeaving({ ref })
  const keep = found.kind === 'kept' ? found.revision : undefined
  // Nobody comes to the pods that leave any more before they do.
  if (revisions.some(({ revision, replicas }) => replicas > 0 && revision !== keep)) {
    await sleep(settings.settleMs + settings.abortScaleDownDelayMs, { summary: 'Nobody comes to pods that leave' })
  }
  await insist.letGo({ ref, target, ...(keep === undefined ? {} : { keep }) })
}

function say({ input, picture: { ref } }: Stay, message: string): Promise<void> {
  showReturning(input, message)
  return insist.sayReturning({ ref, message })
}

/** What serves from now on. */
async function giveBack(stay: Stay): Promise<Returning> {
  const { picture } = stay
  const { ref, stable, settings } = picture
  const found = await insist.beginReturn({ ref, ...(stable === undefined ? {} : { stable }) })
  if (found.kind !== 'returning') return found
  const { replicas, revision } = found
  await declaredReady(stay, replicas)
  // Every proxy knows them before they are needed.
  await sleep(settings.settleMs, { summary: 'Every proxy knows the addresses' })
  const { why } = await insist.finishReturn({ ref, ...(revision === undefined ? {} : { stable: revision }) })
  if (revision !== undefined && why !== undefined) return { kind: 'kept', revision, why }
  await apexKnown(stay)
  announce({ picture }, { type: 'Normal', reason: 'HandedBack', message: 'The declared Deployment serves by itself' })
  return found
}

async function keepStable(stay: Stay, { revision, why }: Extract<Returning, { kind: 'kept' }>): Promise<void> {
  await say(stay, why ?? `Handing back: the pods of revision ${revision} stay`)
  if (why !== undefined) announce(stay, { type: 'Warning', reason: 'StableKept', message: why })
}

/** All of the traffic is stable's, and the route reads as in Git. */
async function comeToRest(stay: Stay): Promise<void> {
  const { ref, target, stable, route, nextNumber, nextSeq } = stay.picture
  if (route.atRest || stable === undefined) return
  await say(stay, `Handing back: all of the traffic goes to revision ${stable}`)
  const fence: Fence = { uid: target.uid, release: nextNumber - 1, seq: nextSeq + 1 }
  try {
    await insist.pointApex({ ref, stable })
    await apexKnown(stay)
    await insist.restoreRoute({ target, fence })
  } catch (error) {
    // Who deletes the Rollout may have deleted its route or its Service before.
    if (typeOf(error) !== 'RouteMissing' && typeOf(error) !== 'ForeignObject') throw error
  }
}

async function declaredReady(stay: Stay, replicas: number): Promise<void> {
  const { ref } = stay.picture
  await say(stay, `Handing back: the declared Deployment gets ${replicas} pods again`)
  for (;;) {
    const { waitingFor } = await watching.awaitDeclared({ ref, replicas, tellAfterMs: TELL_MS })
    if (waitingFor === undefined) return
    await say(stay, `Handing back: ${waitingFor}`)
    await handOver(stay)
  }
}

/** Clients of the apex have the addresses of the pods that it has just begun to select. */
async function apexKnown(stay: Stay): Promise<void> {
  const { ref, target, settings } = stay.picture
  const apex = { ref, service: target.service.name, settleMs: settings.settleMs, tellAfterMs: TELL_MS }
  for (;;) {
    const { waitingFor, isGone } = await watching.awaitAddresses(apex)
    if (waitingFor === undefined || isGone) return
    await say(stay, `Handing back: ${waitingFor}`)
    await handOver(stay)
  }
}

/** Engine upgrades reach a hand-back that waits for days, and its history stays short. */
async function handOver(stay: Stay): Promise<void> {
  if (isDue(stay.input)) await beginAnew(stay)
}
