import { describe, expect, it } from 'vitest'
import type { ReleasePage, RolloutView } from '../../api/views.ts'
import { deedsFor, subjectOf, todoOf } from '../../ui/words/deeds.ts'

const rollout = (changes: Partial<RolloutView>): RolloutView => ({
  key: 'shop/checkout',
  namespace: 'shop',
  name: 'checkout',
  phase: 'Promoted',
  message: 'what it says',
  weight: 0,
  images: [],
  since: '2026-03-01T12:00:00Z',
  generation: 1,
  ...changes,
})

const words = (changes: Partial<RolloutView>): string => {
  const { first, more } = deedsFor(rollout(changes))
  return [first, more].map((deeds) => deeds.map(({ action }) => action).join(' ')).join(' | ')
}

const todo = (changes: Partial<RolloutView>, may: ReleasePage['may'] = {}): string =>
  todoOf({ rollout: rollout(changes), may })

describe('what a person can do', () => {
  it('is what the state waits for, and what is possible besides', () => {
    expect(words({ phase: 'AwaitingApproval', need: 'approve' })).toBe('approve reject | pause promote abort')
    expect(words({ phase: 'Paused', need: 'resume' })).toBe('resume abort | promote')
    expect(words({ phase: 'Analysing' })).toBe(' | pause step promote abort')
    expect(words({ phase: 'Analysing', need: 'decide' })).toBe('abort promote | pause')
    expect(words({ phase: 'RolledBack', need: 'decide' })).toBe(' | retry')
    expect(words({ phase: 'Promoted' })).toBe(' | rollback')
    expect(words({ phase: 'EngineStuck', need: 'repair' })).toBe(' | ')
  })

  it('is about the release that runs and its revision, and about none that is not known', () => {
    const running = rollout({ release: 14, canary: '3f9a1c2b7d', gate: 'go-wide' })
    const subject = { namespace: 'shop', name: 'checkout', release: 14, revision: '3f9a1c2b7d', gate: 'go-wide' }
    expect(subjectOf({ rollout: running })).toEqual(subject)
    expect(subjectOf({ rollout: rollout({}) })).toBeUndefined()
  })

  it('is said as a sentence that asks for nothing where nothing is to do', () => {
    expect(todo({})).toBe('Nothing.')
    expect(todo({ phase: 'Paused' })).toBe('Nothing. The pause ends by itself.')
    expect(todo({ phase: 'Suspended', need: 'resume' })).toContain('spec.suspend')
    expect(todo({ phase: 'EngineStuck', need: 'repair' })).toContain('what it says')
  })

  it('asks nobody for an approval who may give none', () => {
    const atGate = { phase: 'AwaitingApproval', need: 'approve', gate: 'go-wide' } as const
    expect(todo(atGate, { approve: true })).toContain('approve, and it goes on')
    expect(todo(atGate, { approve: false })).toBe('Nothing: gate go-wide waits for somebody who may approve here.')
  })
})
