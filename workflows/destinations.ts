import { isCancellation } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import { forward } from './proxies.ts'
import type { Run } from './run.ts'
import { announce } from './telling.ts'
import { wordsOf } from './words.ts'

/** A change of the apex host's DestinationRule reaches the hosts of both revisions. One that cannot ends no release. */
export async function keepInStep(run: Run, { destinationsBehind, revisions, target }: Picture): Promise<void> {
  // Before the canary has a Deployment nobody could be the owner of what is made for it.
  if (!destinationsBehind || !revisions.some(({ revision }) => revision === run.canary)) return
  const side = run.aside.canary
  try {
    await forward.prepareDestinations({ target, revisions: [run.stable, run.canary], ...(side ? { side } : {}) })
    const message = 'Both revisions have what the DestinationRule of the Service says now'
    announce(run, { type: 'Normal', reason: 'DestinationsUpdated', message })
  } catch (error) {
    if (isCancellation(error)) throw error
    const message = `A change of the DestinationRule of the Service does not reach both revisions: ${wordsOf(error)}`
    announce(run, { type: 'Warning', reason: 'DestinationsBehind', message })
  }
}
