import { describe, expect, it } from 'vitest'
import type { Picture } from '../../activities/picture.ts'
import { driftOf } from '../../workflows/drift.ts'
import { taskFor } from '../../workflows/start.ts'
import { picture } from './picture.ts'

const adopted = (change: Partial<NonNullable<Picture['adoption']>> = {}): Picture =>
  picture({
    adoption: {
      replicas: 0,
      held: true,
      serves: false,
      apex: 'aaa',
      writers: { replicas: 'git', selector: 'flux' },
      ...change,
    },
  })

describe('an adopted workload', () => {
  it('is at rest when the apex selects stable and no pod is its own', () => {
    expect(driftOf(adopted())).toBeUndefined()
    expect(taskFor(adopted())).toEqual({ kind: 'nothing' })
  })

  it('is mended when somebody took the key from the apex, or gave it pods of its own: who did is said', () => {
    const { apex: _, ...unkeyed } = adopted().adoption!
    expect(taskFor({ ...adopted(), adoption: unkeyed })).toEqual({
      kind: 'settle',
      why: 'flux took the revision from the selector of the apex Service',
    })
    expect(taskFor(adopted({ replicas: 3 }))).toEqual({
      kind: 'settle',
      why: 'git gave the adopted Deployment pods of its own',
    })
  })

  it('is handed back before its Rollout goes, whatever is on the way', () => {
    const going = { ...adopted(), deleting: true }
    const open = { number: 2, revision: 'bbb', from: 'aaa', epoch: 0, stepIndex: 0 }
    expect(taskFor({ ...going, toBeHandedBack: true })).toEqual({ kind: 'handBack' })
    expect(taskFor({ ...going, open, toBeHandedBack: true })).toEqual({ kind: 'handBack' })
    expect(taskFor(going)).toEqual({ kind: 'nothing' })
  })
})
