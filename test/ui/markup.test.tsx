import { render } from 'preact-render-to-string'
import { describe, expect, it } from 'vitest'
import type { ReleaseView, RolloutView } from '../../api/views.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { Story } from '../../ui/charts/story.tsx'
import { Answer } from '../../ui/parts/answer.tsx'
import { Evidence } from '../../ui/parts/evidence.tsx'
import { FleetRow } from '../../ui/parts/row.tsx'
import { Record } from '../../ui/parts/record.tsx'
import { Steps } from '../../ui/parts/steps.tsx'

const T = Date.parse('2026-03-01T12:00:00Z')

const rollout: RolloutView = {
  key: 'shop/checkout',
  namespace: 'shop',
  name: 'checkout',
  phase: 'Analysing',
  message: 'Analysing 3f9a1c2b7d at 25 % for 10m',
  stable: 'b7c41d09ea',
  canary: '3f9a1c2b7d',
  weight: 25,
  step: '4/8',
  release: 14,
  images: ['registry.example/checkout:1.8.0'],
  since: new Date(T).toISOString(),
  generation: 3,
}

const row = (i: number, canary?: [number, number]): ReleaseView['rows'][number] => ({
  at: T + i * 15_000,
  weight: 25,
  metrics: canary ? { errors: { canary, stable: [300, 1] } } : {},
})

const release = (changes: Partial<ReleaseView> = {}): ReleaseView => ({
  number: 14,
  revision: '3f9a1c2b7d',
  from: 'b7c41d09ea',
  startedAt: new Date(T).toISOString(),
  plan: {
    steps: [
      { kind: 'setWeight', weight: 25 },
      { kind: 'analyze', forMs: 600_000 },
    ],
  },
  stepIndex: 1,
  weight: 25,
  timeline: [],
  rows: [],
  provenance: { images: [] },
  ...changes,
})

const textOf = (html: string): string => html.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ')

describe('what is written into the page', () => {
  it('is a link per Rollout, with its state in words', () => {
    const html = render(<FleetRow one={rollout} group="moving" />)
    expect(html).toContain('href="/r/shop/checkout"')
    expect(textOf(html)).toContain('Analysing Analysing 3f9a1c2b7d at 25 % for 10m 25 % · step 4/8')
    expect(html).toContain('aria-label="25 % canary"')
  })

  it('tells a reader of charts the figures, and where there were none', () => {
    const html = render(<Story release={release({ rows: [row(1, [100, 0]), row(2), row(3), row(4, [100, 3])] })} />)
    expect(html).toContain('canary 3 of 200 (1.5 %), stable 2 of 600 (0.33 %); 1 stretch without data')
    expect(html.match(/class="silence"/g)).toHaveLength(1)
    expect(html).toContain('<title>no data</title>')
    expect(html).toMatch(/class="water line" d="M[^"]*M/)
    expect(textOf(html)).toContain('no data : no data')
  })

  it('says of a release that was not measured that it was not', () => {
    expect(textOf(render(<Story release={release()} />))).toContain('No metric has been read for this release.')
  })

  it('names the current step for those who do not see the ring', () => {
    const html = render(<Steps release={release()} phase="Analysing" />)
    expect(html.match(/aria-current="step"/g)).toHaveLength(1)
    expect(textOf(html)).toContain('25 % of the traffic (done)')
  })

  it('asks nothing of anybody while a release goes on by itself', () => {
    const page = { rollout, release: release(), pods: [], events: [], decisions: [], may: {} }
    const text = textOf(render(<Answer page={page} stale={false} />))
    expect(text).toContain('Nothing. It goes on by itself, and goes back by itself if it is bad.')
  })

  it('says in a line of the diary nothing twice', () => {
    const at = new Date(T).toISOString()
    const timeline = [
      { at, event: 'Holding', message: 'Holding at 25 %: no data' },
      { at, event: 'RolledBack', message: 'Rolled back: errors are twice stable' },
      { at, event: 'WeightSet', message: 'Release 14: 25 % of the traffic goes to 3f9a1c2b7d' },
    ]
    const text = textOf(render(<Record timeline={timeline} decisions={[]} />))
    expect(text).toContain('Holding at 25 %: no data')
    expect(text).toContain('Rolled back errors are twice stable')
    expect(text).toContain('Weight set 25 % of the traffic goes to 3f9a1c2b7d')
    expect(text).not.toMatch(/Holding Holding|Rolled back Rolled back/)
  })

  it('has no script, style or handler in it', () => {
    const page = { rollout, release: release(), pods: [], events: [], decisions: [], may: {} }
    expect(render(<Answer page={page} stale={false} />)).not.toMatch(/<script|style=| on[a-z]+=/i)
  })
})

describe('the evidence', () => {
  const verdict: Explanation = {
    verdict: 'hold',
    reason: 'notYet',
    sentence: 'Holding at 25 %: not yet.',
    at: T / 1_000,
    row: 3,
    weight: 25,
    policyHash: '0123456789',
    lnE: Math.log(10),
    lnThreshold: Math.log(100),
    metrics: [],
    data: { rowsUsed: 4, excluded: { warmup: 0, gap: 1, retreat: 0 } },
    gauges: [
      { name: 'queue', value: null, within: false, advisory: false, query: '' },
      { name: 'memory', value: 812, within: false, advisory: true, query: '' },
    ],
    ramp: { upper: 0.02, baselineRate: 0.002, budget: 50, spent: 12, next: 50, lnNonInferior: 0 },
  }

  it('is told as far as there is any: what has no data is neither within nor out of its bound', () => {
    const text = textOf(render(<Evidence release={release({ verdict })} told="" />))
    expect(text).toContain('queue no data')
    expect(text).toContain('memory 812, out of its bound (told, and decides nothing)')
    expect(text).toContain('Of the error budget 12 of 50 are spent; 50 % is next.')
    expect(text).toContain('From 4 intervals · 1 interval left out')
    expect(text).toContain('10 : 1 that the canary is worse; 100 : 1 rolls back')
  })

  it('is not there before the first interval', () => {
    expect(render(<Evidence release={release({ verdict: { ...verdict, row: -1 } })} told="" />)).toBe('')
  })
})
