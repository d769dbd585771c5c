import { formatDuration } from '../crds/duration.ts'
import type { Reason } from '../crds/notices.ts'
import type { Step } from '../crds/plan.ts'
import type { Aside } from '../crds/traffic.ts'
import { mayBegin } from './beginning.ts'
import { scaleTo, standBy } from './pods.ts'
import { Interrupted, type Run } from './run.ts'
import { tell } from './telling.ts'
import { endingInterruption, waitFor } from './waiting.ts'
import { arrange, mayEnd, mayGoForward } from './weights.ts'

/** Steps that give the canary requests beside its weight. None of these is evidence, because none of them is random. */

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>

/** So many percent of the replicas, whatever the weight. */
export async function scale(run: Run, { percent }: Of<'scale'>): Promise<void> {
  await mayGoForward(run)
  await tell(run, { phase: 'Progressing', message: `Scaling ${run.canary} to ${percent} % of the replicas` })
  const replicas = await scaleTo(run, percent)
  const message = `${replicas} ${replicas === 1 ? 'pod' : 'pods'} of ${run.canary} are ready`
  await happened(run, 'Scaled', message)
}

/** It answers under a host of its own, to the end of the release. */
export async function preview(run: Run, { host }: Of<'preview'>): Promise<void> {
  if (await add(run, { preview: { host } }))
    await happened(run, 'PreviewReady', `Revision ${run.canary} answers under ${host}`)
}

/** From here on, or until the next `match`: its users get the canary. */
export async function match(run: Run, { cohort }: Of<'match'>): Promise<void> {
  await mayGoForward(run)
  await mayBegin(run)
  const matches = `${cohort.length} ${cohort.length === 1 ? 'match' : 'matches'}`
  if (await add(run, { match: cohort }))
    await happened(run, 'CohortSet', `Cohort of ${matches} goes to revision ${run.canary}`)
}

/** Copies of requests, whose answers nobody gets: for so long, or to the end of the release. */
export async function mirror(run: Run, { percent, forMs }: Of<'mirror'>): Promise<void> {
  const lasts = forMs === undefined ? 'to the end of the release' : `for ${formatDuration(forMs)}`
  async function begin(): Promise<void> {
    if (await add(run, { mirror: { percent } }, percent))
      await happened(run, 'Mirroring', `Mirroring ${percent} % of the requests to revision ${run.canary} ${lasts}`)
  }
  if (forMs === undefined) return begin()
  await forAWhile(run, 'mirror', forMs, begin)
  await happened(run, 'MirrorEnded', `No requests are mirrored to revision ${run.canary} any more`)
  await mayEnd(run)
}

/** Inside the cohort of the `match` before it; where that was skipped there is nobody whom it could hit. */
export async function fault(run: Run, { fault: { percent, delayMs, abort }, forMs }: Of<'fault'>): Promise<void> {
  if (run.aside.match === undefined)
    return happened(run, 'FaultSkipped', 'The fault is skipped: there is no cohort that it could hit')
  const what = abort === undefined ? `wait ${formatDuration(delayMs ?? 0)}` : `are answered ${abort}`
  const injected = { percent, ...(delayMs === undefined ? {} : { delayMs }), ...(abort === undefined ? {} : { abort }) }
  await forAWhile(run, 'fault', forMs, async () => {
    if (await add(run, { fault: injected }))
      await happened(
        run,
        'FaultInjected',
        `Fault for ${formatDuration(forMs)}: ${percent} % of the cohort's requests ${what}`,
      )
  })
  await happened(run, 'FaultRemoved', 'The fault in the cohort was taken away')
  await mayEnd(run)
}

/** What an earlier run of this release had set, when nobody handed it over. */
export async function standAgain(run: Run): Promise<void> {
  if (Object.keys(run.aside).length > 0) await standBy(run, run.weight)
  await arrange(run, run.aside)
}

/** Pods and the side host first, then the write. False when it stood already, because an earlier run of this chain wrote it. */
async function add(run: Run, part: Aside, percent = 0): Promise<boolean> {
  if (stands(run.aside, part)) return false
  await mayGoForward(run)
  await standBy(run, run.weight + percent)
  await mayGoForward(run)
  await arrange(run, { ...run.aside, ...part, canary: run.canary })
  run.stepSince = Date.now()
  return true
}

/** Its time begins with the write. Whatever ends the step early, it is taken away: going back does so by itself. */
async function forAWhile(run: Run, part: 'mirror' | 'fault', forMs: number, begin: () => Promise<void>): Promise<void> {
  try {
    await begin()
    await waitFor(run, () => false, run.stepSince + forMs)
  } catch (error) {
    if (error instanceof Interrupted && HURRYING.has(error.interruption.kind)) await takeAway(run, part)
    throw error
  }
  await takeAway(run, part)
}

const HURRYING = new Set<string>(['promote', 'step'])

async function takeAway(run: Run, part: 'mirror' | 'fault'): Promise<void> {
  const { [part]: _part, ...left } = run.aside
  await arrange(run, left, endingInterruption)
}

async function happened(run: Run, reason: Reason, message: string): Promise<void> {
  const event = { type: 'Normal', reason, message: `Release ${run.number}: ${message}` } as const
  await tell(run, { phase: 'Progressing', message, event })
}

const stands = (aside: Aside, part: Aside): boolean =>
  (Object.keys(part) as (keyof Aside)[]).every((key) => JSON.stringify(aside[key]) === JSON.stringify(part[key]))
