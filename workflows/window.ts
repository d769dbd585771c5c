import type { Step } from '../crds/plan.ts'
import { windowWords } from '../crds/windows.ts'
import { insist } from './proxies.ts'
import type { Run } from './run.ts'
import { tell } from './telling.ts'
import { during, waitFor } from './waiting.ts'
import { mayGoForward } from './weights.ts'

/** Clocks of two machines differ by less. */
const SOON_MS = 1_000

/** Goes on at a moment at which nothing else holds the release and a window is open. */
export async function window(run: Run, { name, allow }: Extract<Step, { kind: 'window' }>): Promise<void> {
  for (;;) {
    await mayGoForward(run)
    const { opensAt, isOpen } = await during(run, () => insist.lookWhenOpen({ ref: run.picture.ref, allow }))
    if (isOpen) return passed(run, name)
    const message = `Gate ${name}: the change window opens at ${new Date(opensAt).toISOString()} (${windowWords(allow)})`
    const event = { type: 'Normal', reason: 'WindowClosed', message } as const
    await tell(run, { phase: 'Paused', message, ...(run.asked ? {} : { event }) })
    run.asked = true
    await waitFor(run, () => false, Math.max(opensAt, Date.now() + SOON_MS))
  }
}

async function passed(run: Run, name: string): Promise<void> {
  const message = `Gate ${name}: the change window is open`
  await tell(run, { phase: 'Progressing', message, event: { type: 'Normal', reason: 'WindowOpen', message } })
}
