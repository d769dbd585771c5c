import type { Happening } from '../activities/report.ts'
import type { Step } from '../crds/plan.ts'
import type { DecideInput } from './contract.ts'
import { takeApproval } from './desk.ts'
import type { Run } from './run.ts'
import { tell } from './telling.ts'
import { waitFor } from './waiting.ts'
import { mayGoForward } from './weights.ts'

/** A gate: waits until a person approves. */
export async function approve(run: Run, gate: Extract<Step, { kind: 'approve' }>): Promise<void> {
  const { subject } = run.desk
  const closesAt = run.stepSince + gate.expiresAfterMs
  if (Date.now() >= closesAt) return expire(run, gate.name)
  if (subject) subject.gate = gate.name
  const approved = () => run.desk.inbox.some((word) => word.action === 'approve' && word.gate === gate.name)
  let word: DecideInput | undefined
  try {
    await tell(run, {
      phase: 'AwaitingApproval',
      gate: gate.name,
      message: `Gate ${gate.name}: waiting for an approval at ${run.weight} %`,
      ...(run.asked ? {} : { event: needed(run, gate.name) }),
    })
    run.asked = true
    if (!(await waitFor(run, approved, closesAt))) await expire(run, gate.name)
  } finally {
    if (subject) delete subject.gate
    word = takeApproval(run.desk, gate.name)
  }
  const message = `Gate ${gate.name} approved by ${word?.by}${word?.reason ? `: ${word.reason}` : ''}`
  await tell(run, { phase: 'Progressing', message, event: { type: 'Normal', reason: 'GateApproved', message } })
  await mayGoForward(run)
}

const needed = (run: Run, gate: string): Happening => ({
  type: 'Normal',
  reason: 'ApprovalNeeded',
  message: `Release ${run.number} waits at gate ${gate}`,
})

/** Holds for good: an approval may come too late, `promote` and `abort` never do. */
async function expire(run: Run, gate: string): Promise<void> {
  delete run.desk.subject?.gate
  const message = `Gate ${gate} expired at ${run.weight} %: promote or abort release ${run.number}`
  const event = { type: 'Warning', reason: 'GateExpired', message } as const
  const isNews = !run.expired
  run.expired = true
  await tell(run, { phase: 'Holding', message, ...(isNews ? { event } : {}) })
  await waitFor(run, () => false)
}
