import { CancellationScope, condition } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import type { QuietResult } from '../activities/quiet.ts'
import { standAside } from './adoption.ts'
import type { Carried, ReleaseInput, Warm } from './contract.ts'
import type { Desk } from './desk.ts'
import { observe } from './looks.ts'
import { insist, watching } from './proxies.ts'
import { taskFor } from './start.ts'
import { announce } from './telling.ts'
import { beginAnew, isLong } from './waiting.ts'

export type Stay = { input: ReleaseInput; desk: Desk; picture: Picture; lastNumber: number; warm: Warm[] }

/**
 * Old revisions stay warm for their time and leave when their requests have ended. Something newer declared meanwhile
 * begins at once, in a run that inherits who is still warm.
 */
export async function retire(stay: Stay): Promise<void> {
  const { desk, warm, picture } = stay
  const anyToLeave = warm.length > 0
  for (let old = next(warm); old; old = next(warm)) {
    await condition(() => desk.looked, Math.max(1, old.until - Date.now()))
    if (desk.looked) await lookForNews(stay)
    else if (await leaves(stay, old)) warm.splice(warm.indexOf(old), 1)
    if (isLong()) await beginAnew(stay.input, inheritance(stay))
  }
  await insist.collect({ ref: picture.ref, target: picture.target })
  if (anyToLeave) await countAgain(stay)
  while (desk.looked) await lookForNews(stay)
}

/** The status says how many pods there are: fewer than when the release ended. */
async function countAgain({ input, desk }: Stay): Promise<void> {
  const seen = await observe(input, desk)
  if (seen && taskFor(seen).kind === 'nothing') await insist.settle({ picture: seen })
  else desk.looked = true
}

/** Who is to leave: those that earlier runs left behind, and pods that nobody remembers. Never what serves or is released. */
export function warmNow({ open, declared, stable, last, revisions, settings }: Picture, carried: Warm[]): Warm[] {
  const needed = new Set([stable, open?.revision, declared.rejected ? undefined : declared.revision])
  const remembered = new Set(carried.map((old) => old.revision))
  const now = Date.now()
  const until = now + settings.abortScaleDownDelayMs
  const forgotten = revisions
    .filter(({ revision, replicas }) => replicas > 0 && !needed.has(revision) && !remembered.has(revision))
    .map(({ revision }) => ({ revision, until, release: last?.number ?? 0, quietSince: now / 1_000 }))
  return [...carried.filter((old) => !needed.has(old.revision)), ...forgotten]
}

const next = (warm: Warm[]): Warm | undefined => [...warm].sort((a, b) => a.until - b.until)[0]

/** True when the pods are gone; false when a look came first. */
async function leaves(stay: Stay, old: Warm): Promise<boolean> {
  const { desk, picture } = stay
  if (old.quietSince !== undefined && !(await quiet(picture, desk, old, old.quietSince))) return false
  if (!(await standAside(stay, old.revision))) return false
  await insist.removeRevision({ ref: picture.ref, target: picture.target, revision: old.revision })
  return true
}

/** No revision loses a pod before its requests were 0 in two complete rows, and its open streams ended or had their time. */
async function quiet(picture: Picture, desk: Desk, old: Warm, since: number): Promise<boolean> {
  for (let toldOpen = false; ;) {
    const seen = await lookWhetherQuiet(picture, desk, { ...old, since, toldOpen })
    if (!seen) return false
    if (seen.waitingFor === undefined) return true
    if (seen.isOpen) toldOpen = true
    const type = seen.isOpen ? 'Normal' : 'Warning'
    announce({ picture }, { type, reason: 'StillWarm', message: seen.waitingFor })
  }
}

type Leaving = Pick<Warm, 'revision' | 'release' | 'until'> & { since: number; toldOpen: boolean }

/** Undefined when a look came first. */
async function lookWhetherQuiet(
  { ref, settings: { drainMs } }: Picture,
  desk: Desk,
  { revision, release, until, since, toldOpen }: Leaving,
): Promise<QuietResult | undefined> {
  const scope = new CancellationScope()
  let ended = false
  const drainSince = Math.max(since, until / 1_000)
  const asked = { ref, release, revision, since, drainSince, drainMs, ...(toldOpen ? { toldOpen } : {}) }
  const watch = scope.run(() => watching.awaitQuiet(asked))
  watch.then(
    () => (ended = true),
    () => (ended = true),
  )
  await condition(() => ended || desk.looked)
  if (ended) return watch
  scope.cancel()
  return undefined
}

async function lookForNews(stay: Stay): Promise<void> {
  const seen = await observe(stay.input, stay.desk)
  if (!seen) return
  const carried = inheritance(stay)
  if (taskFor(seen, carried).kind !== 'nothing') await beginAnew(stay.input, carried)
}

/** What a run begins with that goes on where this one stands. */
export const inheritance = ({ desk, warm, lastNumber }: Stay): Carried => ({
  v: 1,
  warm,
  consumed: desk.consumed,
  lastNumber,
})
