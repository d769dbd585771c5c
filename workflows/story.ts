import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import type { Progress } from '../activities/report.ts'
import type { Phase } from '../crds/conditions.ts'
import { SEARCH, type ReleaseInput } from './contract.ts'
import type { Run } from './run.ts'
import { approvalsOf } from './quorum.ts'

/** What Temporal's own pages show of a release: where it is, and by what it is found. */

type Shown = Pick<Progress, 'phase' | 'message' | 'step' | 'gate'>

/** Approvals that the page names, the newest; a sentence of a page is so long at most. */
export const MOST_APPROVALS = 5
const LONGEST = 400

export function show(run: Run, shown: Shown): void {
  setCurrentDetails(pageOf(run, shown))
  find(run.input, shown.phase, run.canary)
}

/** The Rollout goes, and what it had is handed back. */
export function showReturning(input: ReleaseInput, message: string): void {
  setCurrentDetails(`**${plain(input.namespace)}/${plain(input.name)}**: **HandingBack**\n\n${plain(message)}`)
  find(input, 'HandingBack')
}

/** Markdown. What people say is text in it, and nothing else. */
export function pageOf(run: Told, { phase, message, step, gate }: Shown): string {
  const { input, number, canary, stable, weight, plan, stepIndex, desk, approved } = run
  const kind = plan.steps[stepIndex]?.kind
  const proof = proofOf(run)
  const lines = [
    `Weight: ${weight} % to revision ${canary}${stable === canary || weight === 100 ? '' : `, the rest to ${stable}`}`,
    `Step: ${step}${kind === undefined ? '' : ` (${kind})`}`,
    ...(gate === undefined ? [] : [`Waits at gate ${gate}: ${approvalsOf(desk)}`]),
    ...(proof === undefined || proof === message ? [] : [`Analysis: ${proof}`]),
    ...approved,
  ]
  const title = `**${plain(input.namespace)}/${plain(input.name)}**, release ${number}: **${phase}**`
  return [title, plain(message), lines.map((line) => `- ${plain(line)}`).join('\n')].join('\n\n')
}

type Told = Pick<Run, 'input' | 'number' | 'canary' | 'stable' | 'weight' | 'plan' | 'stepIndex' | 'approved'> &
  Pick<Run, 'evidence'> & {
    desk: Pick<Run['desk'], 'votes' | 'subject'>
    guard: Pick<Run['guard'], 'alarm' | 'hold' | 'advanced'>
  }

/** The verdict's own sentence. */
const proofOf = ({ guard, evidence }: Told): string | undefined =>
  (guard.alarm ?? guard.hold ?? guard.advanced)?.sentence ?? evidence

/** One line, without markup. */
function plain(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const cut = line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`
  return cut.replace(/[\\`*_[\]<>#|~!]/g, String.raw`\$&`)
}

/** One event of the history, and only where something is another than before. */
function find({ namespace, name, searchable }: ReleaseInput, phase: Phase, revision?: string): void {
  if (!searchable) return
  const known = workflowInfo().typedSearchAttributes
  const wanted = [
    { key: SEARCH.namespace, value: namespace },
    { key: SEARCH.rollout, value: name },
    { key: SEARCH.phase, value: phase },
    ...(revision === undefined ? [] : [{ key: SEARCH.revision, value: revision }]),
  ]
  const news = wanted.filter(({ key, value }) => known.get(key) !== value)
  if (news.length > 0) upsertSearchAttributes(news)
}
