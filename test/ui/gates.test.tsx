import { render } from 'preact-render-to-string'
import { describe, expect, it } from 'vitest'
import type { GateView } from '../../api/views.ts'
import { GateCard } from '../../ui/parts/gate-card.tsx'

const gate: GateView = {
  rollout: {
    key: 'shop/checkout',
    namespace: 'shop',
    name: 'checkout',
    phase: 'AwaitingApproval',
    message: 'Gate go-wide: waiting for an approval at 25 %',
    gate: 'go-wide',
    stable: 'b7c41d09ea',
    canary: '3f9a1c2b7d',
    weight: 25,
    images: ['registry.example/checkout:1.8.0'],
    since: '2026-03-01T12:00:00Z',
    generation: 3,
  },
  gate: 'go-wide',
  approvals: [],
  minimum: 2,
  says: 'checkout 1.8.0: pay in instalments',
  evidence: 'Errors are as with stable',
  mayApprove: true,
}

const card = (changes: Partial<GateView> = {}): string =>
  render(<GateCard gate={{ ...gate, ...changes }} stale={false} onAsk={() => undefined} />)

const textOf = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

describe('a gate', () => {
  it('shows what one has to know before one answers', () => {
    const text = textOf(card())
    expect(text).toContain('“checkout 1.8.0: pay in instalments” Errors are as with stable.')
    expect(text).toContain('0 of 2 approvals')
    expect(text).toContain('Approve checkout in shop')
  })

  it('urges nobody to approve who may not', () => {
    expect(card()).toContain('class="strong good"')
    expect(card({ mayApprove: false })).not.toContain('class="strong')
  })
})
