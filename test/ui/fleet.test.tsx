import { describe, expect, it } from 'vitest'
import type { RolloutView } from '../../api/views.ts'
import { fleetSentence, grouped, type Filter } from '../../ui/words/fleet.ts'

const ALL: Filter = { text: '', namespace: '', state: '' }

const one = (name: string, changes: Partial<RolloutView> = {}): RolloutView => ({
  key: `shop/${name}`,
  namespace: 'shop',
  name,
  phase: 'Promoted',
  message: '',
  weight: 0,
  images: [`registry.example/${name}:1.2.3`],
  since: '2026-03-01T12:00:00Z',
  generation: 1,
  ...changes,
})

const names = (rollouts: RolloutView[]): string[] => rollouts.map(({ name }) => name)

describe('the fleet', () => {
  it('shows what needs a person first, the longest waiting at its head', () => {
    const { need, moving, bad, rest } = grouped(
      [
        one('resting'),
        one('late', { phase: 'AwaitingApproval', need: 'approve', since: '2026-03-01T11:00:00Z' }),
        one('later', { phase: 'Paused', need: 'resume' }),
        one('holding', { phase: 'Holding' }),
        one('running', { phase: 'Analysing' }),
        one('stopped', { phase: 'Aborted' }),
      ],
      ALL,
    )
    expect([need, moving, bad, rest].map(names)).toEqual([
      ['late', 'later'],
      ['holding', 'running'],
      ['stopped'],
      ['resting'],
    ])
  })

  it('is found by name, image, author and state, all words at once', () => {
    const rollouts = [
      one('checkout', { author: 'Noor Haddad' }),
      one('basket', { namespace: 'web', key: 'web/basket' }),
    ]
    const found = (text: string) => names(grouped(rollouts, { ...ALL, text }).rest)
    expect(found('noor check')).toEqual(['checkout'])
    expect(found('1.2.3')).toEqual(['basket', 'checkout'])
    expect(found('noor basket')).toEqual([])
    expect(names(grouped(rollouts, { ...ALL, namespace: 'web' }).rest)).toEqual(['basket'])
  })

  it('is told in one sentence', () => {
    const said = (rollouts: RolloutView[]) => fleetSentence(grouped(rollouts, ALL))
    expect(said([one('a'), one('b')])).toBe('Nothing waits for a person and 2 rest.')
    expect(said([one('a', { need: 'approve' }), one('b', { phase: 'Analysing' }), one('c')])).toBe(
      '1 Rollout waits for a person, 1 is under way and 1 rests.',
    )
  })

  it('shows a phase that it does not know as it is called', () => {
    expect(names(grouped([one('a', { phase: 'SomethingNew' })], ALL).moving)).toEqual(['a'])
  })
})
