import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow'
import type { ActActivities, NotifyActivities, WatchActivities } from '../activities/index.ts'
import { TASK_QUEUE } from '../crds/names.ts'
import { summaryOf, type Activities } from './summaries.ts'

const QUICK = { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' } as const

type Verb = (input: unknown) => Promise<unknown>

/** Every activity says in the history what it is about. */
export const described = (options: ActivityOptions): Activities =>
  new Proxy({} as Activities, {
    get: (_, name: string) => (input: unknown) => {
      const hands = proxyActivities<Record<string, Verb>>({ ...options, summary: summaryOf(name, input) })
      return (hands[name] as Verb)(input)
    },
  })

/** Forward moves: bounded, because a release that cannot move for five minutes goes back. */
export const forward: ActActivities = described({
  taskQueue: TASK_QUEUE.act,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '5m',
  retry: QUICK,
})

/** What has to happen in the end: retried for ever. */
export const insist: ActActivities = described({
  taskQueue: TASK_QUEUE.act,
  startToCloseTimeout: '10s',
  retry: { ...QUICK, maximumInterval: '30s' },
})

/** The first volley of what is never given up is short, so that a person hears of trouble soon. */
export const persistently = (attempt: number): ActActivities => (attempt === 0 ? soon : volley(5 * 60_000, 30_000))

/** One volley of a write; the caller reports between volleys and goes on. */
export const volley = (lastsMs: number, maximumIntervalMs: number): ActActivities =>
  described({
    taskQueue: TASK_QUEUE.act,
    startToCloseTimeout: '10s',
    scheduleToCloseTimeout: lastsMs,
    retry: { ...QUICK, maximumInterval: maximumIntervalMs },
  })

/** A volley after which a person hears of trouble, and something more urgent is heard. */
export const soon = volley(10_000, 5_000)

const LONG = {
  taskQueue: TASK_QUEUE.watch,
  startToCloseTimeout: '70m',
  heartbeatTimeout: '10s',
  retry: { ...QUICK, maximumInterval: '5s' },
} as const

/** Long watches on slots of their own. TRY_CANCEL: nobody waits for a watch to notice that it was told to end. */
export const watching: WatchActivities = described({
  ...LONG,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
})

/** As `watching`, but it has ended when it was told to: until then it may still be making what it is about. */
export const working: Pick<WatchActivities, 'job'> = described({
  ...LONG,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
})

/** One attempt: whether there is another is not Temporal's to say, because it cannot know who was asked already. */
export const asking = (timeoutMs: number): Pick<WatchActivities, 'webhook'> =>
  described({
    taskQueue: TASK_QUEUE.watch,
    startToCloseTimeout: timeoutMs + ASKING_MS,
    heartbeatTimeout: '10s',
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { maximumAttempts: 1 },
  })

/** What is sent has to be read first. */
const ASKING_MS = 60_000

/** What may be late, and never holds a release up. */
export const telling: NotifyActivities = described({
  taskQueue: TASK_QUEUE.notify,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1h',
})
