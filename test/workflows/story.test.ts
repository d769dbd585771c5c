import { expect, it } from 'vitest'
import { pageOf } from '../../workflows/story.ts'

type Run = Parameters<typeof pageOf>[0]

const runWith = (change: Partial<Run> = {}): Run => ({
  input: { cluster: 'east', namespace: 'shop', name: 'checkout' },
  number: 7,
  canary: 'bbb',
  stable: 'aaa',
  weight: 25,
  stepIndex: 1,
  plan: { steps: [{ kind: 'setWeight', weight: 25 }, { kind: 'analyze', forMs: 60_000 }, { kind: 'pause' }] },
  approved: [],
  desk: { votes: [] },
  guard: {},
  ...change,
})

const said = { phase: 'Analysing', message: 'Analysing bbb at 25 % for 1m', step: '2/3' } as const

it('says where a release is, how much it has, and what it does', () => {
  expect(pageOf(runWith(), said)).toBe(
    [
      '**shop/checkout**, release 7: **Analysing**',
      'Analysing bbb at 25 % for 1m',
      '- Weight: 25 % to revision bbb, the rest to aaa\n- Step: 2/3 (analyze)',
    ].join('\n\n'),
  )
})

it('says what the analysis said last, and who opened which gate', () => {
  const hold = { reason: 'noData', sentence: 'Holding: no data since 12:00' } as const
  const page = pageOf(runWith({ guard: { hold }, approved: ['Gate first approved by ada: fine'] }), said)
  expect(page).toMatch(/- Analysis: Holding: no data since 12:00\n- Gate first approved by ada: fine$/)
})

it('says at which gate it waits, and how many have approved', () => {
  const gate = { name: 'go', terms: { minimum: 2 } }
  const desk = { votes: [], subject: { release: 7, revision: 'bbb', gate } }
  const page = pageOf(runWith({ desk }), { ...said, phase: 'AwaitingApproval', gate: 'go' })
  expect(page).toContain('- Waits at gate go: 0 of 2 approvals')
})

it('takes what people say as text, and no more of it than fits', () => {
  const words = `aborted by eve: [click](https://evil.example)\n# <b>now</b> ${'x'.repeat(1_000)}`
  const page = pageOf(runWith(), { ...said, message: words })
  expect(page).toContain(String.raw`aborted by eve: \[click\](https://evil.example) \# \<b\>now\</b\> xxx`)
  expect(page.length).toBeLessThan(600)
})
