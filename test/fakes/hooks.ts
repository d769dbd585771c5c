import { Context } from '@temporalio/activity'
import type { HookInput } from '../../activities/hook.ts'
import type { WatchActivities } from '../../activities/index.ts'
import type { JobOutcome } from '../../activities/job.ts'
import type { Posted } from '../../activities/posting.ts'
import type { WebhookInput } from '../../activities/webhook.ts'

/** A Job that runs: `end` is how it ends. */
type Running = { input: HookInput; end: (end: JobOutcome) => void; ended: boolean }

/** Whom a release asks. */
export type Asking = {
  /** Every attempt to ask a webhook. */
  asked: WebhookInput[]
  /** What the webhook says; a yes where nothing is said about it. */
  answering?: (input: WebhookInput) => Promise<Posted>
  /** Every time that somebody followed a Job. */
  jobs: Running[]
  /** Jobs that were broken off. */
  stopped: (Pick<HookInput, 'ref' | 'release' | 'stepIndex'> & { round?: number })[]
  whileStopping?: () => Promise<void>
}

export const fakeHooks = (worldOf: (name: string) => Asking): Pick<WatchActivities, 'webhook' | 'job'> => ({
  async webhook(input) {
    const world = worldOf(input.ref.name)
    world.asked.push(input)
    return world.answering?.(input) ?? { passed: true, said: 'answered 200' }
  },
  job(input) {
    const context = Context.current()
    const beat = setInterval(() => context.heartbeat(), 100)
    const { promise, resolve } = Promise.withResolvers<JobOutcome>()
    const running: Running = { input, end: resolve, ended: false }
    worldOf(input.ref.name).jobs.push(running)
    return Promise.race([promise, context.cancelled]).finally(() => {
      running.ended = true
      clearInterval(beat)
    })
  },
})
