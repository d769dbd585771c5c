import { formatDuration } from '../crds/duration.ts'
import type { Plan } from '../crds/plan.ts'
import { stopWatching, watch } from './guard.ts'
import { Interrupted, type Run } from './run.ts'
import { announce, tell } from './telling.ts'
import { waitFor } from './waiting.ts'

/** What took over from a stable without pods: it was compared with nothing, and there is nothing to go back to. */

export const UNCOMPARED = 'without comparison: there was nothing to compare it with'

/**
 * Watches it for as long as a bake lasts, where an objective or bounds can tell good from bad. What they say is told and
 * changes nothing; whatever is declared meanwhile ends it. Gives the rest of the sentence that begins with who serves.
 */
export async function lookAfter(run: Run, { steps }: Plan): Promise<string> {
  const bake = steps.find(({ kind }) => kind === 'bake')
  if (bake?.kind !== 'bake' || !run.measured || !run.judgedAlone) return UNCOMPARED
  if (run.desk.subject) run.desk.subject.settled = 'promoted'
  const until = run.afterwards ?? (await begin(run, bake.forMs))
  try {
    await waitFor(run, () => false, until)
    return `${UNCOMPARED}; nothing spoke against it afterwards`
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return whatSpokeAgainst(run, error.interruption)
  } finally {
    stopWatching(run.guard)
  }
}

/** Gives when it ends. A run that takes over goes on with what was begun. */
async function begin(run: Run, forMs: number): Promise<number> {
  run.marks.push({ slot: 0, weight: 100, since: Date.now() / 1_000, addedPods: true })
  watch(run.guard, run.marks)
  run.afterwards = Date.now() + forMs
  const message = `Revision ${run.canary} serves all of the traffic; it is analysed for ${formatDuration(forMs)} afterwards`
  await tell(run, { phase: 'Analysing', message })
  return run.afterwards
}

function whatSpokeAgainst(run: Run, { kind, sentence }: Interrupted['interruption']): string {
  if (kind !== 'rollback' && kind !== 'retreat')
    return `${UNCOMPARED}; another revision was declared before it was analysed`
  const would = sentence.replace(/^Rolled back: /, 'Would have rolled back: ')
  announce(run, { type: 'Warning', reason: 'WouldRollBack', message: `Release ${run.number}: ${would}` })
  return `${UNCOMPARED}, and there is nothing to go back to. ${would}`
}
