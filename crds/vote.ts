import type { DecisionSpec } from './decision.ts'
import type { GateTerms } from './plan.ts'

/** Whose approval opens a gate. */

/** `author`: whose commit it is. */
export type Gate = { name: string; terms?: GateTerms; author?: string }

type Vote = Pick<DecisionSpec, 'by' | 'groups' | 'claim'>

const ROBOT = 'system:serviceaccount:'

/** Why an approval of this gate does not count, as a sentence; undefined when it does. */
export function whyNoVote(gate: Gate, votes: Pick<Vote, 'by'>[], vote: Vote): string | undefined {
  const { by } = vote
  if (votes.some((other) => other.by === by)) return `${by} approved gate ${gate.name} already: a person has one vote`
  return whyNotCounted(gate, vote) ?? whyAuthor(gate, vote)
}

function whyNotCounted({ name, terms }: Gate, { by, groups = [] }: Vote): string | undefined {
  if (by.startsWith(ROBOT)) {
    const robot = by.slice(ROBOT.length).replace(':', '/')
    if (terms?.serviceAccounts?.includes(robot)) return undefined
    return `gate ${name} does not count ServiceAccount ${robot}: approve.by.serviceAccounts does not name it`
  }
  const counted = terms?.groups ?? []
  if (counted.length === 0 || groups.some((group) => counted.includes(group))) return undefined
  return `gate ${name} counts members of ${counted.join(', ')}, and spec.groups of a Decision by ${by} names none of them`
}

/** Fails closed: where it is not known who wrote the commit, or who approves, it may be the same person. */
function whyAuthor({ name, terms, author }: Gate, { by, claim }: Vote): string | undefined {
  if (terms?.notBy !== 'author' || by.startsWith(ROBOT)) return undefined
  if (author === undefined)
    return `gate ${name} is not opened by the author of the commit, and the Rollout does not say who that is`
  if (claim === undefined)
    return `gate ${name} is not opened by the author of the commit, and a Decision by ${by} has no spec.claim to tell who that is`
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
