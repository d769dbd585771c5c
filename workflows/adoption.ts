import { sleep } from '@temporalio/workflow'
import { insist } from './proxies.ts'
import type { Stay } from './retirement.ts'
import { announce } from './telling.ts'

/**
 * The pods that ran before the adoption leave, a while after the apex went over to those of stable: proxies have to know,
 * and who came to them before has to be answered. Nothing to do in `template` form.
 */
export async function emptyAdopted({ picture }: Stay): Promise<void> {
  const { adoption, settings, ref, target } = picture
  if (!adoption || (adoption.held && adoption.replicas === 0)) return
  await sleep(settings.settleMs + settings.abortScaleDownDelayMs)
  const { contestedBy } = await insist.emptyDeclared({ ref, target })
  if (contestedBy === undefined) return
  const message = `The pods of the adopted Deployment stay: field manager ${contestedBy} applies its replicas and would start them again`
  announce({ picture }, { type: 'Warning', reason: 'AdoptionContested', message })
}
