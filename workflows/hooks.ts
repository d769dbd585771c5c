import { isCancellation, sleep } from '@temporalio/workflow'
import { hookEnded, JOB_ENDED } from '../crds/hook.ts'
import { jobObject } from '../crds/names.ts'
import type { Reason } from '../crds/notices.ts'
import type { Step } from '../crds/plan.ts'
import { followJob, hookOf } from './jobs.ts'
import { standBy } from './pods.ts'
import { asking } from './proxies.ts'
import { Interrupted, type Run } from './run.ts'
import { mention, tell } from './telling.ts'
import { during, waitFor } from './waiting.ts'
import { mayGoForward } from './weights.ts'
import { isFinal, typeOf, wordsOf } from './words.ts'

/**
 * Steps that ask somebody else, with the canary's pods and its side host there to be tried. A no is a reason to go back.
 */

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** What is to be sent could not be read for so long: nobody will be asked. */
const UNASKED_MS = 5 * 60_000

/** As many attempts as declared and not one more, whoever ends and comes back meanwhile. */
export async function webhook(run: Run, { url, retries, timeoutMs }: Of<'webhook'>): Promise<void> {
  const subject = `Webhook ${addressOf(url)}`
  await getReady(run)
  await tell(run, { phase: 'Progressing', message: `${subject} is asked` })
  for (;;) {
    await mayGoForward(run)
    const { passed, said } = await ask(run, subject, timeoutMs)
    if (passed) return concluded(run, 'WebhookPassed', `${subject} ${said}`)
    const sentence = `${subject} ${said}; attempt ${run.tried} of ${retries + 1}`
    if (run.tried > retries) await refuse(run, 'WebhookFailed', sentence)
    await tell(run, { phase: 'Progressing', message: sentence })
    await waitFor(run, () => false, Date.now() + pauseAfter(run.tried))
  }
}

/** Its exit code decides. A run that takes over in the middle finds it where it is. */
export async function job(run: Run): Promise<void> {
  const name = jobObject(run.picture.ref.name, run.number, run.stepIndex)
  if (run.tried === 0) await getReady(run)
  await tell(run, { phase: 'Progressing', message: `Job ${name} runs` })
  run.tried = 1
  const { passed, sentence } = await followJob(run)
  if (passed) return concluded(run, JOB_ENDED.passed, sentence)
  await refuse(run, JOB_ENDED.failed, sentence)
}

async function getReady(run: Run): Promise<void> {
  await mayGoForward(run)
  await standBy(run, run.weight)
  await mayGoForward(run)
}

/** One attempt; it counts from its beginning on. One that cannot be begun is begun again, and does not count. */
async function ask(run: Run, subject: string, timeoutMs: number): Promise<{ passed: boolean; said: string }> {
  const givenUpAt = Date.now() + UNASKED_MS
  run.tried += 1
  for (let trouble = 1; ; trouble += 1) {
    const input = { ...hookOf(run), uid: run.picture.target.uid, weight: run.weight, attempt: run.tried }
    try {
      return await during(run, () => asking(timeoutMs).webhook(input))
    } catch (error) {
      if (error instanceof Interrupted || isCancellation(error) || isFinal(error)) throw error
      if (typeOf(error) !== 'NotAsked')
        return { passed: false, said: 'may have answered: the engine ended before it knew' }
      if (Date.now() > givenUpAt) throw error
      await tell(run, { phase: 'Progressing', message: `${subject} waits: ${wordsOf(error)}` })
      await during(run, () => sleep(pauseAfter(trouble), { summary: 'The webhook is tried again' }))
    }
  }
}

/** Doubled each time. */
const pauseAfter = (attempt: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))

async function concluded(run: Run, reason: Reason, sentence: string): Promise<void> {
  const event = { type: 'Normal', reason, message: hookEnded(run.number, sentence) } as const
  // No wait may follow: a run that took over in it would ask again.
  await tell(run, { phase: 'Progressing', message: sentence, event })
}

async function refuse(run: Run, reason: Reason, sentence: string): Promise<never> {
  const event = { type: 'Warning', reason, message: hookEnded(run.number, sentence) } as const
  await mention(run, { phase: 'RollingBack', message: sentence, event })
  throw new Interrupted({ kind: 'rollback', reason, sentence: `Rolled back: ${sentence}` })
}

/** Without what may be a secret of somebody's. */
function addressOf(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
