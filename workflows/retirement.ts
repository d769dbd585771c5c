import { condition } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import type { QuietResult } from '../activities/quiet.ts'
import { standAside } from './adoption.ts'
import { allAnswered } from './answers.ts'
import type { Warm } from './contract.ts'
import type { Desk } from './desk.ts'
import { observe, untilLook } from './looks.ts'
import { watching } from './proxies.ts'
import { taskFor } from './start.ts'
import { attempt, beginAnew, lookForNews, untilDone, type Stay } from './stay.ts'
import { announce } from './telling.ts'
import { isLong } from './waiting.ts'
import { hasWish } from './wishes.ts'

/**
 * Old revisions stay warm for their time and leave when their requests have ended. Something newer declared meanwhile
 * begins at once, in a run that inherits who is still warm.
 */
export async function retire(stay: Stay): Promise<void> {
  const { desk, warm, picture } = stay
  if (hasWish(desk)) desk.looked = true
  const anyToLeave = warm.length > 0
  for (let old = next(warm); old; old = next(warm)) {
    await condition(() => desk.looked, Math.max(1, old.until - Date.now()), {
      summary: `${old.revision} stays warm`,
    })
    if (desk.looked) await lookForNews(stay)
    else if (await leaves(stay, old)) warm.splice(warm.indexOf(old), 1)
    if (isLong()) await beginAnew(stay)
  }
  const { ref, target } = picture
  await untilDone(stay, () =>
    attempt(stay, 'What a release left behind stays', (hands) => hands.collect({ ref, target })),
  )
  if (anyToLeave) await countAgain(stay)
  for (;;) {
    while (desk.looked) await lookForNews(stay)
    await allAnswered(desk)
    if (!desk.looked) return
  }
}

/** The status says how many pods there are: fewer than when the release ended. */
async function countAgain(stay: Stay): Promise<void> {
  const picture = await observe(stay.input, stay.desk)
  const isCounted =
    picture !== undefined &&
    taskFor(picture).kind === 'nothing' &&
    (await attempt(stay, 'The pods are not counted', (hands) => hands.settle({ picture })))
  if (!isCounted) stay.desk.looked = true
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
  const leaving = { ref: picture.ref, target: picture.target, revision: old.revision }
  return attempt(stay, `The pods of revision ${old.revision} stay`, (hands) => hands.removeRevision(leaving))
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
  const drainSince = Math.max(since, until / 1_000)
  const asked = { ref, release, revision, since, drainSince, drainMs, ...(toldOpen ? { toldOpen } : {}) }
  return untilLook(desk, () => watching.awaitQuiet(asked))
}
