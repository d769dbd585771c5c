import { mayBegin } from './beginning.ts'
import { take } from './desk.ts'
import { watch } from './guard.ts'
import { Interrupted, type Run } from './run.ts'
import { tell } from './telling.ts'
import { waitFor } from './waiting.ts'
import { mayEnd, raise } from './weights.ts'

/** Weights by evidence: the watch says when and where to; the weight never falls but by going back. */
export async function ramp(run: Run, ladder: number[]): Promise<void> {
  if (run.weight === 0) await raise(run, await firstWeight(run, ladder))
  for (;;) {
    const next = await nextWeight(run, ladder)
    if (next === null) return mayEnd(run)
    if (next > run.weight) await raise(run, next, run.evidence)
  }
}

/** After a retreat the ramp comes back to where it was. */
async function firstWeight(run: Run, ladder: number[]): Promise<number> {
  const before = run.marks.findLast(({ weight }) => weight > 0)?.weight
  return before ?? (await mayBegin(run)) ?? ladder[0] ?? 1
}

/** Null is the end of the ramp. A person's `step` goes one rung up, whatever the evidence. */
async function nextWeight(run: Run, ladder: number[]): Promise<number | null> {
  if (run.stepped) return rungAbove(run, ladder) ?? null
  watch(run.guard, run.marks, { kind: 'ramp', from: run.stepSince / 1_000 })
  await tell(run, { phase: 'Analysing', message: whereabouts(run, ladder) })
  try {
    await waitFor(run, () => run.guard.advanced !== undefined)
  } catch (error) {
    if (!(error instanceof Interrupted) || error.interruption.kind !== 'step') throw error
    const word = take(run.desk, 'step')
    run.evidence = `${word?.by ?? 'A person'} said step.`
    run.stepped = true
    return rungAbove(run, ladder) ?? null
  }
  const { weight, sentence } = run.guard.advanced ?? {}
  // Only null is the end: an advance that does not say where to goes nowhere.
  if (weight === undefined) return run.weight
  run.evidence = sentence ?? ''
  return weight
}

const rungAbove = ({ weight }: Run, ladder: number[]): number | undefined => ladder.find((rung) => rung > weight)

function whereabouts(run: Run, ladder: number[]): string {
  const next = rungAbove(run, ladder)
  const goal = next === undefined ? 'promoted when' : `next ${next} % or more when`
  const since = run.evidence ? ` ${run.evidence}` : ''
  return `Ramp: ${run.weight} %, ${goal} the evidence allows it.${since}`
}
