import { allHandlersFinished, condition, continueAsNew, isCancellation } from '@temporalio/workflow'
import type { ActActivities } from '../activities/index.ts'
import type { Picture } from '../activities/picture.ts'
import type { Carried, ReleaseInput, Warm } from './contract.ts'
import { deskHeld, type Desk } from './desk.ts'
import { observe } from './looks.ts'
import { soon } from './proxies.ts'
import { taskFor, type Task } from './start.ts'
import { announce } from './telling.ts'
import { isLong } from './waiting.ts'
import { hasWish } from './wishes.ts'
import { wordsOf } from './words.ts'

/** What a run knows apart from its release, and how it does what has no hurry: news come first. */
export type Stay = { input: ReleaseInput; desk: Desk; picture: Picture; lastNumber: number; warm: Warm[] }

const AGAIN_MS = 60_000

/** Waits so long, milliseconds; something newer declared begins meanwhile. What only wants to be settled is seen afterwards. */
export async function passing(stay: Stay, lastsMs: number): Promise<void> {
  const { desk } = stay
  const until = Date.now() + lastsMs
  let isToSettle = false
  for (let leftMs = lastsMs; leftMs > 0; leftMs = until - Date.now()) {
    if (await condition(() => desk.looked, leftMs, { summary: 'Nothing has to be done until then' }))
      isToSettle = await lookForNews(stay, ['settle'])
  }
  if (isToSettle) desk.looked = true
}

/** What is refused for good keeps nothing else from beginning. */
export async function untilDone(stay: Stay, try_: () => Promise<boolean>): Promise<void> {
  while (!(await try_())) {
    if (stay.desk.looked) await lookForNews(stay)
    if (isLong()) await beginAnew(stay)
  }
}

/**
 * One volley of what has to happen in the end. Whatever stands in its way is told, and it is false after a pause that a
 * look ends: the caller follows that up, and tries again.
 */
export async function attempt(
  stay: Pick<Stay, 'desk' | 'picture'>,
  what: string,
  work: (hands: ActActivities) => Promise<unknown>,
): Promise<boolean> {
  try {
    await work(soon)
    return true
  } catch (error) {
    if (isCancellation(error)) throw error
    await hindered(stay, `${what}, retrying: ${wordsOf(error)}`)
    return false
  }
}

/** Told; then a pause that a look ends. */
export async function hindered({ desk, picture }: Pick<Stay, 'desk' | 'picture'>, message: string): Promise<void> {
  announce({ picture }, { type: 'Warning', reason: 'Hindered', message })
  await condition(() => desk.looked, AGAIN_MS, { summary: 'Tried again after that' })
}

/**
 * Something newer declared begins at once, in a run that inherits who is still warm. True where there is something to be
 * done that may wait.
 */
export async function lookForNews(stay: Stay, mayWait: Task['kind'][] = []): Promise<boolean> {
  const seen = await observe(stay.input, stay.desk)
  if (!seen) return false
  const { kind } = taskFor(seen, inheritance(stay))
  if (hasWish(stay.desk) || (kind !== 'nothing' && !mayWait.includes(kind))) await beginAnew(stay)
  return kind !== 'nothing'
}

/** Ends this chain and begins whatever is declared now. Nothing may be awaited between the last look at the desk and that. */
export async function beginAnew(stay: Stay): Promise<never> {
  stay.desk.leaving = true
  await condition(allHandlersFinished)
  return continueAsNew<(input: ReleaseInput) => Promise<void>>({ ...stay.input, carried: inheritance(stay) })
}

/** What a run begins with that goes on where this one stands. */
const inheritance = ({ desk, warm, lastNumber }: Stay): Carried => ({
  v: 1,
  warm,
  desk: deskHeld(desk),
  lastNumber,
})
