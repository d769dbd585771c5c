import { describe, expect, it } from 'vitest'
import { findCondition, releaseConditions, stallAfter, stalledConditions, type Phase } from '../../crds/conditions.ts'

const at = Date.parse('2030-01-02T03:04:05.678Z')
const saying = { message: 'Analysing at 25 %', generation: 7, at }
const summary = (phase: Phase): Record<string, string> =>
  Object.fromEntries(
    releaseConditions({ ...saying, phase }).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  )

describe('conditions of a release', () => {
  it.each<Phase>(['Progressing', 'Analysing', 'AwaitingApproval', 'Paused', 'Holding', 'RollbackBlocked'])(
    'say in progress while %s',
    (phase) => expect(summary(phase)).toEqual({ Ready: `Unknown ${phase}`, Reconciling: `True ${phase}` }),
  )

  it.each<[Phase, string]>([
    ['Promoted', 'True Promoted'],
    ['Withdrawn', 'True Withdrawn'],
    ['RolledBack', 'False AnalysisFailed'],
    ['Aborted', 'False Aborted'],
  ])('have no Reconciling once %s', (phase, ready) => expect(summary(phase)).toEqual({ Ready: ready }))

  it('go on after a supersession: the newer revision is next', () => {
    expect(summary('Superseded')).toHaveProperty('Reconciling')
  })

  it('speak about a generation, in whole seconds', () => {
    expect(releaseConditions({ ...saying, phase: 'Analysing' })[0]).toEqual({
      type: 'Ready',
      status: 'Unknown',
      observedGeneration: 7,
      lastTransitionTime: '2030-01-02T03:04:05Z',
      reason: 'Analysing',
      message: 'Analysing at 25 %',
    })
  })

  it('keep lastTransitionTime until the status changes', () => {
    const previous = releaseConditions({ ...saying, phase: 'Progressing' })
    const later = { ...saying, at: at + 60_000, previous }
    const same = releaseConditions({ ...later, phase: 'AwaitingApproval' })
    expect(findCondition(same, 'Ready')?.lastTransitionTime).toBe('2030-01-02T03:04:05Z')
    const changed = releaseConditions({ ...later, phase: 'Promoted' })
    expect(findCondition(changed, 'Ready')?.lastTransitionTime).toBe('2030-01-02T03:05:05Z')
  })
})

describe('Stalled', () => {
  it('exists only while it is true', () => {
    expect(stalledConditions({ ...saying, stall: undefined })).toEqual([])
    expect(stalledConditions({ ...saying, stall: 'EngineStuck' })).toMatchObject([
      { type: 'Stalled', status: 'True', reason: 'EngineStuck' },
    ])
  })

  it('stays after a rejection until another revision is declared', () => {
    const last = { number: 3, revision: 'bad', outcome: 'RolledBack' } as const
    expect(stallAfter(last, 'bad')).toBe('AnalysisFailed')
    expect(stallAfter({ ...last, outcome: 'Aborted' }, 'bad')).toBe('Aborted')
    expect(stallAfter(last, 'fix')).toBeUndefined()
    expect(stallAfter({ ...last, outcome: 'Promoted' }, 'bad')).toBeUndefined()
    expect(stallAfter(undefined, 'bad')).toBeUndefined()
  })
})
