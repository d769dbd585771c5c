import { ROLLOUTS } from '../crds/resources.ts'
import type { Caller } from './access.ts'
import type { Parts } from './context.ts'
import { pageOf } from './page.ts'
import type { Out } from './stream.ts'
import { createWake } from './wake.ts'

/** Rights are asked about again so often. */
const RECHECK_MS = 30_000
/** What changes within so short a time after something was told is told together; the first of it at once. */
const TOGETHER_MS = 100

type PageParts = Pick<Parts, 'cluster' | 'ledgers' | 'workflowUrl'>

/**
 * Tells the whole page at once, and again whenever anything on it changes; ends when its Rollout is gone, and without a
 * word when the caller may not get it any more: whoever comes back is told why.
 */
export async function followPage(
  parts: PageParts,
  { key, caller, out }: { key: string; caller: Caller; out: Out },
): Promise<void> {
  const wake = createWake()
  let timer: NodeJS.Timeout | undefined
  let last = 0
  const unsubscribe = parts.cluster.onChange((changed) => {
    if (changed !== key) return
    timer ??= setTimeout(
      () => {
        timer = undefined
        last = Date.now()
        wake.add([key])
      },
      Math.max(0, last + TOGETHER_MS - Date.now()),
    )
  })
  let told: string | undefined
  try {
    for (let withinMs = 0; !out.ended.aborted; withinMs = RECHECK_MS) {
      await wake.next(withinMs, out.ended)
      if (!(await mayOpen(caller, key))) return
      const sight = parts.cluster.sight(key)
      // The API server may know it a moment before the watch does.
      if (!sight && told === undefined) continue
      if (!sight) return await out.tell([{ event: 'gone', json: JSON.stringify({ key }) }])
      const json = JSON.stringify(await pageOf(parts, sight, caller))
      if (json !== told) await out.tell([{ event: 'page', json }])
      told = json
    }
  } finally {
    clearTimeout(timer)
    unsubscribe()
  }
}

async function mayOpen(caller: Caller, key: string): Promise<boolean> {
  const [namespace = '', name = ''] = key.split('/')
  return caller.may({ verb: 'get', resource: ROLLOUTS, namespace, name })
}
