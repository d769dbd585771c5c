import { condition } from '@temporalio/workflow'
import type { Revision } from '../crds/traffic.ts'
import { insist, watching } from './proxies.ts'
import { attempt, passing, untilDone, type Stay } from './stay.ts'
import { announce } from './telling.ts'

/**
 * The pods that ran before the adoption leave, a while after the apex went over to those of stable: proxies have to know,
 * and who came to them before has to be answered. Nothing to do in `template` form.
 */
export async function emptyAdopted(stay: Stay): Promise<void> {
  const { picture } = stay
  const { adoption, settings, ref, target } = picture
  if (!adoption || (adoption.held && adoption.replicas === 0)) return
  await passing(stay, settings.settleMs + settings.abortScaleDownDelayMs)
  let contestedBy: string | undefined
  await untilDone(stay, () =>
    attempt(stay, 'The pods of the adopted Deployment stay', async (hands) => {
      contestedBy = (await hands.emptyDeclared({ ref, target })).contestedBy
    }),
  )
  if (contestedBy === undefined) return
  const message = `The pods of the adopted Deployment stay: field manager ${contestedBy} applies its replicas and would start them again`
  announce({ picture }, { type: 'Warning', reason: 'AdoptionContested', message })
}

const LOOK_AGAIN_MS = 15_000

/**
 * While no revision serves, the apex of an adopted workload selects pods of every revision: before those of one leave,
 * the declared Deployment serves by itself, and they take no more traffic. False when a look came first, or when it is to
 * be asked again. Nothing to do in `template` form.
 */
export async function standAside(stay: Stay, revision: Revision): Promise<boolean> {
  const { ref, adoption: before, settings } = stay.picture
  if (!before) return true
  const { adoption, revisions = [] } = (await insist.observe({ ref })) ?? {}
  if (!adoption || adoption.apex !== undefined || adoption.replicas === 0) return true
  const isNeeded = revisions.some((state) => state.revision === revision && state.ready > 0)
  const waitingFor = isNeeded ? await whyNeeded(stay, adoption.serves) : undefined
  if (waitingFor !== undefined) {
    const message = `Revision ${revision} keeps its pods: ${waitingFor}`
    announce(stay, { type: 'Warning', reason: 'StillWarm', message })
    await condition(() => stay.desk.looked, LOOK_AGAIN_MS, { summary: 'Tried again after that' })
    return false
  }
  const hindered = `Revision ${revision} keeps its pods`
  if (!(await attempt(stay, hindered, (hands) => hands.unselectLeaving({ ref, revision })))) return false
  await passing(stay, settings.settleMs + settings.abortScaleDownDelayMs)
  return true
}

/** Without these pods clients of the apex would miss some, or all. */
async function whyNeeded({ picture }: Stay, serves: boolean): Promise<string | undefined> {
  const { ref, target, settings } = picture
  if (!serves) return 'those of the declared Deployment are not available, and nobody else would serve'
  const apex = { ref, service: target.service.name, settleMs: settings.settleMs, tellAfterMs: LOOK_AGAIN_MS }
  const { waitingFor, isGone } = await watching.awaitAddresses(apex)
  return isGone ? undefined : waitingFor
}
