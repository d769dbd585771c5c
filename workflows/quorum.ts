import type { Word } from './contract.ts'
import type { Desk, Gate } from './desk.ts'

/** Who may open a gate, and how many of them it takes. */

const ROBOT = 'system:serviceaccount:'

export const wantedAt = ({ terms }: Gate): number => terms?.minimum ?? 1

/** In words for the status, for example `1 of 2 approvals`. */
export function approvalsOf({ votes, subject }: Pick<Desk, 'votes' | 'subject'>): string {
  const wanted = subject?.gate ? wantedAt(subject.gate) : 1
  return `${votes.length} of ${wanted} ${wanted === 1 ? 'approval' : 'approvals'}`
}

/** Why an approval of this gate does not count, as a sentence; undefined when it does. */
export function whyNoVote(gate: Gate, votes: Word[], word: Word): string | undefined {
  const { by } = word
  if (votes.some((vote) => vote.by === by)) return `${by} approved gate ${gate.name} already: a person has one vote`
  return whyNotCounted(gate, word) ?? whyAuthor(gate, word)
}

function whyNotCounted({ name, terms }: Gate, { by, groups = [] }: Word): string | undefined {
  if (by.startsWith(ROBOT)) {
    const robot = by.slice(ROBOT.length).replace(':', '/')
    if (terms?.serviceAccounts?.includes(robot)) return undefined
    return `gate ${name} does not count ServiceAccount ${robot}: approve.by.serviceAccounts does not name it`
  }
  const counted = terms?.groups ?? []
  if (counted.length === 0 || groups.some((group) => counted.includes(group))) return undefined
  return `gate ${name} counts members of ${counted.join(', ')}, and this Decision names none of them in spec.groups`
}

/** Fails closed: where it is not known who wrote the commit, or who approves, it may be the same person. */
function whyAuthor({ name, terms, author }: Gate, { by, claim }: Word): string | undefined {
  if (terms?.notBy !== 'author' || by.startsWith(ROBOT)) return undefined
  if (author === undefined)
    return `gate ${name} is not opened by the author of the commit, and the Rollout does not say who that is`
  if (claim === undefined)
    return `gate ${name} is not opened by the author of the commit, and this Decision has no spec.claim to tell who ${by} is there`
  const [mine, theirs] = [addressOf(claim), addressOf(author)]
  if (isAddress(mine) !== isAddress(theirs))
    return `gate ${name} is not opened by the author of the commit, and nobody can tell whether that (${author}) is ${by} (${claim})`
  if (mine !== theirs) return undefined
  return `gate ${name} is not opened by the author of the commit, and that is ${by}`
}

/** `Ada <ada@example.com>` and `ADA@example.com` are one person. */
const addressOf = (author: string): string => (/<([^<>]+)>\s*$/.exec(author)?.[1] ?? author).trim().toLowerCase()

/** A name is no address: whose it is, nobody knows. */
const isAddress = (text: string): boolean => text.includes('@')
