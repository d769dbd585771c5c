import type { Step } from './plan.ts'

/** The smallest number of pods that carries `weight` percent of a workload of `replicas` pods; at least one. */
export const podsFor = (weight: number, replicas: number): number => Math.max(1, Math.ceil((weight / 100) * replicas))

/** Percent of the requests that the pods have to carry with which a release begins, by the steps that are left. */
export function firstLoad(steps: Step[]): number {
  for (const step of steps) {
    if (step.kind === 'setWeight') return step.weight
    if (step.kind === 'ramp') return step.ladder[0] ?? 1
    if (step.kind === 'scale' || step.kind === 'mirror' || step.kind === 'abTest') return step.percent
    if (step.kind === 'match' || step.kind === 'preview') return 0
  }
  return 100
}
