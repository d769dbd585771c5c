import { condition } from '@temporalio/workflow'
import type { Picture } from '../activities/picture.ts'
import { endOf, isRejected } from '../crds/outcome.ts'
import { answer } from './answers.ts'
import type { Carried, Word } from './contract.ts'
import type { Desk } from './desk.ts'
import type { Stay } from './stay.ts'
import { taskFor, type Task } from './start.ts'

/** Words about a release that is over: what was rejected starts again, or what served before comes back. */

const READ_WITHIN_MS = 30_000

/** Nothing else is to be done. Undefined where nobody wishes anything, or where it cannot be done; then he hears why. */
export async function taskByWish(stay: Stay): Promise<(Task & { kind: 'release' | 'install' }) | undefined> {
  const { desk, picture, input } = stay
  speakAbout(desk, picture)
  if (desk.unread.length > 0)
    await condition(() => desk.unread.length === 0, READ_WITHIN_MS, { summary: 'Decisions are read' })
  const word = takeWish(desk)
  if (!word) return undefined
  const found = word.action === 'retry' ? again(picture, word, input.carried) : back(picture, word, stay.lastNumber + 1)
  if ('refused' in found) {
    answer(desk, word, 'Refused', found.refused)
    return undefined
  }
  answer(desk, word, 'Applied', `Release ${found.number} begins: ${whoWishes(word)}`)
  return { ...found, because: whoWishes(word) }
}

export const hasWish = ({ inbox }: Desk): boolean =>
  inbox.some(({ action }) => action === 'retry' || action === 'rollback')

/** The release that a person means who says `retry` or `rollback` now. */
function speakAbout(desk: Desk, { last }: Picture): void {
  desk.subject = last && { release: last.number, revision: last.revision, settled: endOf(last) }
  desk.known = true
}

function takeWish(desk: Desk): Word | undefined {
  const index = desk.inbox.findIndex(({ action }) => action === 'retry' || action === 'rollback')
  return index < 0 ? undefined : desk.inbox.splice(index, 1)[0]
}

const whoWishes = ({ by, action, reason }: Word): string => `${by} said ${action}${reason ? `: ${reason}` : ''}`

type Found = (Task & { kind: 'release' | 'install' }) | { refused: string }

function again(picture: Picture, { release }: Word, carried: Carried | undefined): Found {
  const { declared, last } = picture
  if (!last || !isRejected(last)) return { refused: `release ${release} was not rejected: there is nothing to retry` }
  if (!declared.rejected) return { refused: `the revision of release ${release} is not what is declared` }
  const { returns: _returns, ...wanted } = declared
  const task = taskFor({ ...picture, declared: { ...wanted, rejected: false } }, carried)
  if (task.kind === 'release' || task.kind === 'install') return task
  return { refused: `release ${release} cannot start again now` }
}

function back({ stable, previous, deleting }: Picture, { release, revision }: Word, number: number): Found {
  if (deleting) return { refused: 'the Rollout is being deleted' }
  if (stable !== revision)
    return { refused: `revision ${revision} of release ${release} does not serve: there is nothing to roll back` }
  if (previous === undefined)
    return { refused: `no revision that served before ${revision} is kept any more: declare the older version again` }
  return { kind: 'release', number, stable, revision: previous, leaves: release, returns: true }
}
