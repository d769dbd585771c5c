import { condition, log } from '@temporalio/workflow'
import type { Action } from '../crds/decision.ts'
import type { Answer, Word } from './contract.ts'
import type { Desk } from './desk.ts'
import { insist } from './proxies.ts'

/** What becomes of words, written into the status of their Decisions; never waited for by what they are about. */

export function answer(
  desk: Desk,
  { name, uid }: Pick<Word, 'name' | 'uid'>,
  outcome: Answer['outcome'],
  message: string,
): void {
  desk.answers.push({ name, uid, outcome, message, at: Date.now() })
}

/** In their order, one after another; what is not written when the run ends or hands over is handed over, too. */
export async function writeAnswers(desk: Desk): Promise<never> {
  for (;;) {
    await condition(() => desk.answers.length > 0)
    const [next] = desk.answers
    try {
      if (next) await insist.recordDecision({ ref: desk.ref, ...next })
    } catch (error) {
      log.warn('what became of a Decision was not written', { error })
    }
    desk.answers.shift()
  }
}

/**
 * The release is over: whoever still spoke about it hears why. `isEnding`: that is what they wanted. What can be said about
 * a release that is over stays.
 */
export function dismiss(desk: Desk, why: string, isEnding: (action: Action) => boolean): void {
  const isLate = ({ action }: Word): boolean => isEnding(action) || (action !== 'rollback' && action !== 'retry')
  const words = [...desk.inbox.filter(isLate), ...desk.votes]
  desk.inbox = desk.inbox.filter((word) => !isLate(word))
  desk.votes = []
  for (const word of words)
    if (isEnding(word.action)) answer(desk, word, 'Applied', why)
    else answer(desk, word, 'Refused', `too late: ${why}`)
}

/** Words of these kinds will not have their effect. */
export function overtake(desk: Desk, why: string, ...actions: Action[]): void {
  const words = [...desk.inbox, ...desk.votes].filter(({ action }) => actions.includes(action))
  desk.inbox = desk.inbox.filter((word) => !words.includes(word))
  desk.votes = desk.votes.filter((word) => !words.includes(word))
  for (const word of words) answer(desk, word, 'Refused', `overtaken: ${why}`)
}

const PATIENCE_MS = 30_000

/** Before a run ends for good. Bounded: who is not answered by then asks again, and finds another run or none. */
export async function allAnswered(desk: Desk): Promise<void> {
  const isQuiet = (): boolean => desk.unread.length === 0 && desk.answers.length === 0
  if (!isQuiet()) await condition(isQuiet, PATIENCE_MS, { summary: 'Decisions are answered' })
}
