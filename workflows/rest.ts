import { isCancellation } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import type { Revision } from '../crds/traffic.ts'
import { observe, untilLook } from './looks.ts'
import { soon, watching } from './proxies.ts'
import { taskFor } from './start.ts'
import { attempt, hindered, type Stay } from './stay.ts'
import { typeOf, wordsOf } from './words.ts'

/**
 * The route comes to rest: the apex Service selects the pods of stable, its clients have their addresses, and only then
 * the route names it again. Until then the revision's own Service serves.
 */

const TELL_MS = 30_000

/** What clients of the apex wait for, after half a minute of it; undefined when they have the addresses of all its pods. */
export async function missingAtApex({ ref, target, settings }: Picture): Promise<string | undefined> {
  const apex = { ref, service: target.service.name, settleMs: settings.settleMs, tellAfterMs: TELL_MS }
  const { waitingFor } = await watching.awaitAddresses(apex)
  return waitingFor
}

/** Why the route may not name the apex yet; undefined when it may. An apex that is somebody else's is left to them. */
async function whyNotAtApex(picture: Picture, stable: Revision): Promise<string | undefined> {
  try {
    await soon.pointApex({ ref: picture.ref, stable })
  } catch (error) {
    if (isCancellation(error)) throw error
    return typeOf(error) === 'ForeignObject' ? undefined : wordsOf(error)
  }
  return missingAtApex(picture)
}

/** Nothing is to be released: route, size and status are made to say so. What cannot be done is left to the next look. */
export async function settle(stay: Stay): Promise<void> {
  const { desk } = stay
  const picture = await clearedForApex(stay)
  if (!picture || !(await attempt(stay, 'The Rollout does not come to rest', (hands) => hands.settle({ picture }))))
    desk.looked = true
}

/** What is there by then, if it is still to come to rest. */
async function clearedForApex(stay: Stay): Promise<Picture | undefined> {
  const { picture, input, desk } = stay
  const { route, stable, deleting } = picture
  if (deleting || stable === undefined || route.atRest || !route.found) return picture
  const seen = await untilLook(desk, async () => ({ why: await whyNotAtApex(picture, stable) }))
  if (!seen) return undefined
  if (seen.why !== undefined) {
    await hindered(stay, `The route does not come to rest: ${seen.why}`)
    return undefined
  }
  const now = await observe(input, desk)
  return now && taskFor(now).kind === 'settle' && now.stable === stable ? now : undefined
}
