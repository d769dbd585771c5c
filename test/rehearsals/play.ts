import { afterAll, beforeAll, inject } from 'vitest'
import type { Plan, Step } from '../../crds/plan.ts'
import { CANARY, type World } from '../fakes/activities.ts'
import { openRehearsal, type Rehearsal } from './rehearsal.ts'

/** The rehearsal of a test file, and short words for what is played in it. */
export function rehearse(): Pick<Rehearsal, 'begin'> {
  let rehearsal: Rehearsal
  beforeAll(async () => {
    rehearsal = await openRehearsal({ ...inject('access'), codePath: inject('codePath') })
  })
  afterAll(() => rehearsal[Symbol.asyncDispose]())
  return { begin: (...play) => rehearsal.begin(...play) }
}

export const plan = (...steps: Step[]): Plan => ({ steps })
export const setWeight = (weight: number): Step => ({ kind: 'setWeight', weight })
export const gate: Step = { kind: 'approve', name: 'go', expiresAfterMs: 60_000 }

/** Waits until something like that was told. */
export const told = (world: World, is: (progress: World['told'][number]) => boolean): Promise<unknown> =>
  world.until(() => world.told.some(is))

/** Percent of the canary; 0 is the way back. The last entry, at rest, is left out. */
export const shares = ({ weights }: World): number[] =>
  weights.filter((each) => !('apex' in each)).map((each) => each[CANARY] ?? 0)
