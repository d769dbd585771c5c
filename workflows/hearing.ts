import { CancellationScope, condition, currentUpdateInfo, defineUpdate, setHandler } from '@temporalio/workflow'
import { answer, overtake } from './answers.ts'
import { DECIDE_UPDATE, type Answer, type DecideResult, type DecideUpdate, type Word } from './contract.ts'
import type { Desk } from './desk.ts'
import { insist } from './proxies.ts'
import { approvalsOf } from './quorum.ts'
import { whyRefused } from './refusing.ts'
import { wordsOf } from './words.ts'

/** A Decision that the run was told of, and has not read yet. */
export type Unread = DecideUpdate & { uid: string; result?: DecideResult }

/** Decisions that are remembered as heard, so that none counts twice. */
const MOST_REMEMBERED = 200

export function hearWords(desk: Desk): void {
  const heard = (update: DecideUpdate) => CancellationScope.nonCancellable(() => hear(desk, update))
  setHandler(defineUpdate<DecideResult, [DecideUpdate]>(DECIDE_UPDATE), heard, {
    // Synchronous: an asynchronous one would fail the workflow task for ever.
    validator: ({ name }) => {
      if (typeof name !== 'string') throw new Error('a word is told by the name of its Decision')
    },
  })
}

/** What an earlier run was told of and had no time to read. */
export const readAgain = (desk: Desk): Promise<unknown> =>
  Promise.all([...desk.unread].map((unread) => read(desk, unread)))

async function hear(desk: Desk, { name }: DecideUpdate): Promise<DecideResult> {
  const uid = currentUpdateInfo()?.id ?? ''
  if (desk.consumed.includes(uid)) return { outcome: 'Delivered', message: 'this Decision was taken before' }
  desk.consumed = [...desk.consumed, uid].slice(-MOST_REMEMBERED)
  const unread: Unread = { name, uid }
  desk.unread.push(unread)
  void read(desk, unread)
  await condition(() => unread.result !== undefined || desk.leaving)
  return unread.result ?? { outcome: 'Delivered', message: 'taken by the run that takes over' }
}

/** What it says is read from the API server, which vouches for who says it. */
async function read(desk: Desk, unread: Unread): Promise<void> {
  const { name, uid } = unread
  const found = await insist
    .readDecision({ ref: desk.ref, name, uid })
    .catch((error: unknown) => ({ refused: `the Decision cannot be read: ${wordsOf(error)}` }))
  await condition(() => desk.known && !desk.leaving)
  desk.unread = desk.unread.filter((one) => one !== unread)
  const [outcome, message] = 'refused' in found ? (['Refused', found.refused] as const) : judge(desk, found.word)
  unread.result = { outcome: outcome === 'Applied' ? 'Delivered' : outcome, message }
  answer(desk, unread, outcome, message)
}

function judge(desk: Desk, word: Word): readonly [Answer['outcome'], string] {
  const why = whyRefused(desk, word)
  if (why !== undefined) return ['Refused', why]
  return [accept(desk, word), messageOf(desk, word)]
}

const messageOf = (desk: Desk, { action, release, by }: Word): string => {
  const votes = action === 'approve' ? `: ${approvalsOf(desk)}` : ''
  return `${action} of release ${release} by ${by} taken${votes}`
}

/** Abort > pause > promote. */
function accept(desk: Desk, word: Word): 'Delivered' | 'Applied' {
  const { action, by, reason } = word
  switch (action) {
    case 'approve':
      desk.votes.push({ ...word, at: Date.now() })
      return 'Delivered'
    case 'pause':
      desk.paused = `${by}${reason ? ` (${reason})` : ''}`
      overtake(desk, `${by} said pause`, 'promote', 'step')
      return 'Applied'
    case 'resume':
      desk.paused = undefined
      desk.resumed += 1
      return 'Applied'
    default:
      desk.inbox.push(word)
      // Nothing is under way that would come upon it.
      if (action === 'retry' || action === 'rollback') desk.looked = true
      return 'Delivered'
  }
}
