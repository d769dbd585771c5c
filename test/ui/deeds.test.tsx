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

const todo = (changes: Partial<RolloutView>, may: ReleasePage['may'] = {}, whyNot?: string): string =>
  todoOf({ rollout: rollout(changes), may, ...(whyNot === undefined ? {} : { whyNot }) })

describe('what a person can do', () => {
  it('is what the state waits for, and what is possible besides', () => {
    const running = { stable: 'aaaaaaaaaa', canary: 'bbbbbbbbbb', weight: 25 }
    const atGate = { ...running, phase: 'AwaitingApproval', need: 'approve', gate: 'go-wide' } as const
    expect(words(atGate)).toBe('approve reject | pause promote abort')
    expect(words({ ...running, phase: 'Paused', need: 'resume', pausedBy: 'anna' })).toBe('resume abort | ')
    expect(words({ ...running, phase: 'Paused', need: 'resume', hold: 'untilResumed' })).toBe('resume abort | promote')
    expect(words({ ...running, phase: 'Analysing' })).toBe(' | pause step promote abort')
    expect(words({ ...running, phase: 'Holding', need: 'decide', hold: 'dataDeadline' })).toBe('abort promote | pause')
    expect(words({ ...running, phase: 'EngineStuck', need: 'repair' })).toBe(' | abort')
    expect(words({ phase: 'EngineStuck', need: 'repair' })).toBe(' | ')
    expect(words({ phase: 'RolledBack', need: 'decide' })).toBe(' | retry')
    expect(words({ phase: 'Promoted' })).toBe(' | rollback')
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
    expect(todo({ phase: 'EngineStuck', need: 'repair' })).toBe('Something has to be repaired: what it says.')
    expect(todo({ phase: 'EngineStuck', need: 'repair', canary: 'bbbbbbbbbb' })).toContain('sluice rollback --direct')
    expect(todo({ phase: 'InvalidSpec', need: 'repair', canary: 'bbbbbbbbbb' })).toContain('can be aborted')
  })

  it('names who paused it, and does not promise that it ends by itself', () => {
    const paused = { phase: 'Paused', need: 'resume', pausedBy: 'anna (lunch)', canary: 'bbbbbbbbbb' } as const
    expect(todo(paused)).toBe('It is paused by anna (lunch). Resume it, or abort it.')
    expect(todo({ ...paused, gate: 'go-wide' })).toContain('can be answered meanwhile')
  })

  it('asks nobody for an approval who may give none', () => {
    const atGate = { phase: 'AwaitingApproval', need: 'approve', gate: 'go-wide' } as const
    expect(todo(atGate, { approve: true })).toContain('approve, and it goes on')
    expect(todo(atGate, { approve: false })).toBe('Nothing: gate go-wide waits for somebody who may approve here.')
    const voted = 'ada approved gate go-wide already: a person has one vote'
    expect(todo(atGate, { approve: true }, voted)).toBe(`Nothing: ${voted}.`)
  })
})
