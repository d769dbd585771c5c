import { describe, expect, it } from 'vitest'
import type { Sight } from '../../api/sight.ts'
import { decisionViews } from '../../api/view/decision.ts'
import { gateView, groundsOf } from '../../api/view/gate.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { AT_THE_GATE, BEGAN, decision, release, rollout, type Told } from './objects.ts'

const sight = (told: Told, more: Partial<Sight> = {}): Sight => ({
  rollout: rollout('shop', told),
  releases: [],
  decisions: [],
  pods: [],
  events: [],
  ...more,
})

describe('a gate', () => {
  const asked = { at: new Date(BEGAN).toISOString(), event: 'ApprovalNeeded', message: 'Release 7 waits' }
  const status = { outcome: 'Delivered' as const, message: 'Told', at: '2026-11-21T09:00:00Z' }

  it('ends so long after it asked as the plan says', () => {
    const gate = gateView(sight(AT_THE_GATE, { releases: [release('shop', 7, { timeline: [asked] })] }))
    expect(gate?.expiresAt).toBe(new Date(BEGAN + 72 * 3_600_000).toISOString())
  })

  it('counts every person once, and no word about another gate or release, none that was refused or not yet taken', () => {
    const decisions = [
      decision('shop', 'a', { by: 'ada' }, status),
      decision('shop', 'b', { by: 'ada' }, status),
      decision('shop', 'c', { by: 'bea' }, status),
      decision('shop', 'd', { by: 'cid', gate: 'go-on' }, status),
      decision('shop', 'e', { by: 'dan', release: 6 }, status),
      decision('shop', 'f', { by: 'eve' }, { ...status, outcome: 'Refused' }),
      decision('shop', 'g', { by: 'fay', action: 'reject' }, status),
      decision('shop', 'h', { by: 'gus' }),
    ]
    const gate = gateView(sight(AT_THE_GATE, { releases: [release('shop', 7)], decisions }))
    expect(gate?.approvals.map(({ by }) => by)).toEqual(['ada', 'bea'])
  })

  it('comes with what speaks for it: the commit’s first line, and the evidence once there is any', () => {
    const grounds = (row: number) => {
      const { spec, ...rest } = release('shop', 7, { verdict: { row, sentence: 'As good as stable' } as Explanation })
      const provenance = { ...spec.provenance, message: 'Faster totals\n\nAt last.' }
      return groundsOf({ ...rest, spec: { ...spec, provenance } })
    }
    expect(grounds(3)).toEqual({ says: 'Faster totals', evidence: 'As good as stable' })
    expect(grounds(-1)).toEqual({ says: 'Faster totals' })
  })

  it('counts no approval of a namesake that is gone, and none that opened it before a retreat', () => {
    const at = (minutes: number): string => new Date(BEGAN + minutes * 60_000).toISOString()
    const open = release('shop', 7)
    open.metadata.creationTimestamp = at(0)
    const said = (by: string, minutes: number, spec = {}, outcome: 'Delivered' | 'Applied' = 'Delivered') => {
      const one = decision('shop', by, { by, ...spec }, { ...status, outcome })
      return { ...one, metadata: { ...one.metadata, creationTimestamp: at(minutes) } }
    }
    const decisions = [
      said('ada', -10),
      said('bea', 1, { revision: 'cccccccccc' }),
      said('cid', 2, {}, 'Applied'),
      said('dan', 3),
    ]
    const gate = gateView(sight(AT_THE_GATE, { releases: [open], decisions }))
    expect(gate?.approvals.map(({ by }) => by)).toEqual(['dan'])
    expect(decisionViews(decisions, open).map(({ by }) => by)).toEqual(['dan', 'cid'])
  })

  it('is none where nothing waits', () => {
    expect(gateView(sight({ phase: 'Promoted' }, { releases: [release('shop', 7)] }))).toBeUndefined()
  })
})
