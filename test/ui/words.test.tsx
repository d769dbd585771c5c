import { describe, expect, it } from 'vitest'
import type { ReleaseView } from '../../api/views.ts'
import type { Step } from '../../crds/plan.ts'
import { badOf, grouped, odds, sentence } from '../../ui/words/figures.ts'
import { standings } from '../../ui/words/standings.ts'
import { stepWords } from '../../ui/words/steps.ts'
import { relative, span } from '../../ui/words/times.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('figures', () => {
  it('tell nothing from zero', () => {
    expect(badOf([0, 0])).toBe('no data')
    expect(badOf([212, 0])).toBe('0 of 212 (0 %)')
    expect(badOf([14_933, 35])).toBe('35 of 14\u202F933 (0.23 %)')
  })

  it('are grouped by thousands, and odds have an end', () => {
    expect(grouped(1_234_567)).toBe('1\u202F234\u202F567')
    expect([Math.log(366), 0, -9, 99].map(odds)).toEqual(['366 : 1', '1 : 1', 'below 0.01 : 1', 'over a million : 1'])
  })
})

describe('times', () => {
  it('are told in one unit, behind and ahead', () => {
    const told = [0, -5_000, -30_000, -5 * MINUTE, -100 * MINUTE, 3 * HOUR, 71 * HOUR].map((ms) => relative(ms, 0))
    expect(told).toEqual(['now', 'now', 'under a min ago', '5 min ago', '1 h 40 min ago', 'in 3 h', 'in 2 d 23 h'])
    expect(span(12_000)).toBe('12 s')
  })
})

describe('the steps of a plan', () => {
  const steps: Step[] = [
    { kind: 'setWeight', weight: 5 },
    { kind: 'analyze', forMs: 5 * MINUTE },
    { kind: 'approve', name: 'go-wide', expiresAfterMs: 72 * HOUR },
    { kind: 'setWeight', weight: 50 },
  ]
  const release = (changes: Partial<ReleaseView>) => ({ plan: { steps }, stepIndex: 2, timeline: [], ...changes })

  it('are said in two parts', () => {
    expect(steps.map(stepWords).map(({ title, detail }) => `${title} · ${detail}`)).toEqual([
      '5 % · of the traffic',
      'Analyse · 5m',
      'Gate · go-wide',
      '50 % · of the traffic',
    ])
  })

  it('say how many people a gate wants', () => {
    const gate: Step = { kind: 'approve', name: 'go', expiresAfterMs: HOUR, terms: { minimum: 2 } }
    expect(stepWords(gate)).toEqual({ title: 'Gate', detail: 'go, 2 approvals' })
  })

  it('stand done, now and ahead while it runs, and failed where it ended', () => {
    expect(standings(release({}))).toEqual(['done', 'done', 'now', 'ahead', 'ahead'])
    expect(standings(release({ outcome: 'RolledBack' }))).toEqual(['done', 'done', 'failed', 'ahead', 'ahead'])
  })

  it('are not drawn as done where a person went straight to the end', () => {
    const promoted = release({ outcome: 'Promoted', stepIndex: 4, skipped: [1, 2, 3] })
    expect(standings(promoted)).toEqual(['done', 'skipped', 'skipped', 'skipped', 'done'])
    expect(standings(release({ skipped: [1] }))).toEqual(['done', 'skipped', 'now', 'ahead', 'ahead'])
    expect(standings(release({ outcome: 'Promoted', stepIndex: 4 }))).toEqual(['done', 'done', 'done', 'done', 'done'])
  })
})

describe('what the engine says', () => {
  it('is read in the time of the reader, and ends once', () => {
    const today = new Date()
    today.setHours(14, 51, 0, 0)
    const said = sentence(`no data since ${today.toISOString().replace('.000', '')}`)
    expect(said).toBe('no data since 14:51:00.')
    expect(sentence('Nothing.')).toBe('Nothing.')
  })

  it('breaks no line within a number', () => {
    const said = sentence('errors at 25 %: canary 15 of 1 224 567, stable 2 of 696; evidence 36 038 : 1')
    expect(said).toBe(
      'errors at 25\u00A0%: canary 15 of 1\u202F224\u202F567, stable 2 of 696; evidence 36\u202F038\u00A0:\u00A01.',
    )
  })
})
