import type { Happening } from '../activities/report.ts'
import type { Step } from '../crds/plan.ts'
import type { Gate } from '../crds/vote.ts'
import { answer, overtake } from './answers.ts'
import { invite } from './callbacks.ts'
import { approvalsOf, wantedAt } from './quorum.ts'
import type { Run } from './run.ts'
import { MOST_APPROVALS } from './story.ts'
import { tell } from './telling.ts'
import { throwIfInterrupted, waitFor } from './waiting.ts'
import { mayEnd } from './weights.ts'

/** Who is asked hears before it is too late. */
const WARN_AFTER = 0.75

/** A gate: waits until so many people approve. */
export async function approve(run: Run, step: Extract<Step, { kind: 'approve' }>): Promise<void> {
  const { desk, stepSince } = run
  const closesAt = stepSince + step.expiresAfterMs
  const warnsAt = stepSince + step.expiresAfterMs * WARN_AFTER
  const gate = gateOf(run, step)
  const isOpen = (): boolean => desk.votes.length >= wantedAt(gate)
  if (desk.subject && Date.now() < closesAt) desk.subject.gate = gate
  try {
    while (!isOpen()) {
      if (Date.now() >= closesAt) await expire(run, gate.name)
      const heard = desk.votes.length
      const isNews = !run.asked
      await ask(run, gate, Date.now() >= warnsAt ? closesAt : undefined)
      // Only now can be seen that it waits.
      if (isNews && step.callback) invite(run, step.name, closesAt)
      await waitFor(run, () => desk.votes.length !== heard, run.warned ? closesAt : warnsAt)
    }
    throwIfInterrupted(run)
  } finally {
    delete desk.subject?.gate
  }
  await pass(run, gate.name)
  await mayEnd(run)
}

const gateOf = ({ author }: Run, { name, terms }: Extract<Step, { kind: 'approve' }>): Gate => ({
  name,
  ...(terms ? { terms } : {}),
  ...(author === undefined ? {} : { author }),
})

/** `closesAt`: epoch milliseconds, where that is soon. */
async function ask(run: Run, gate: Gate, closesAt: number | undefined): Promise<void> {
  const event = run.asked ? warning(run, gate, closesAt) : needed(run, gate)
  run.asked = true
  if (closesAt !== undefined) run.warned = true
  await tell(run, {
    phase: 'AwaitingApproval',
    gate: gate.name,
    message: `Gate ${gate.name}: ${stateOf(run, gate)} at ${run.weight} %`,
    ...(event ? { event } : {}),
  })
}

function stateOf({ desk }: Run, gate: Gate): string {
  if (wantedAt(gate) === 1) return 'waiting for an approval'
  const by = desk.votes.map((vote) => vote.by).join(', ')
  return `${approvalsOf(desk)}${by ? ` (${by})` : ''}`
}

const needed = (run: Run, { name }: Gate): Happening => ({
  type: 'Normal',
  reason: 'ApprovalNeeded',
  message: `Release ${run.number} waits at gate ${name}`,
})

function warning(run: Run, gate: Gate, closesAt: number | undefined): Happening | undefined {
  if (run.warned || closesAt === undefined) return undefined
  const at = new Date(closesAt).toISOString()
  const message = `Gate ${gate.name} of release ${run.number} expires at ${at}: ${approvalsOf(run.desk)}; then the release holds`
  return { type: 'Warning', reason: 'GateExpires', message }
}

async function pass(run: Run, gate: string): Promise<void> {
  const votes = run.desk.votes.splice(0)
  const people = votes.map(({ by, reason }) => `${by}${reason ? `: ${reason}` : ''}`).join(', ')
  const message = `Gate ${gate} approved by ${people}`
  run.approved = [...run.approved, message].slice(-MOST_APPROVALS)
  for (const vote of votes) answer(run.desk, vote, 'Applied', message)
  await tell(run, { phase: 'Progressing', message, event: { type: 'Normal', reason: 'GateApproved', message } })
}

/** Holds for good: an approval may come too late, `promote` and `abort` never do. */
async function expire(run: Run, gate: string): Promise<never> {
  delete run.desk.subject?.gate
  const message = `Gate ${gate} expired at ${run.weight} %: promote or abort release ${run.number}`
  const event = { type: 'Warning', reason: 'GateExpired', message } as const
  const isNews = !run.expired
  run.expired = true
  overtake(run.desk, message, 'approve')
  await tell(run, { phase: 'Holding', hold: 'gateExpired', message, ...(isNews ? { event } : {}) })
  for (;;) await waitFor(run, () => false)
}
