import type { Gate } from '../crds/vote.ts'
import type { Desk } from './desk.ts'

/** How many people it takes to open a gate. */

export const wantedAt = ({ terms }: Gate): number => terms?.minimum ?? 1

/** In words for the status, for example `1 of 2 approvals`. */
export function approvalsOf({ votes, subject }: Pick<Desk, 'votes' | 'subject'>): string {
  const wanted = subject?.gate ? wantedAt(subject.gate) : 1
  return `${votes.length} of ${wanted} ${wanted === 1 ? 'approval' : 'approvals'}`
}
