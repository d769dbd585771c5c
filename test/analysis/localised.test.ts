import { describe, expect, it } from 'vitest'
import { judge } from '../../analysis/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { clean, errors, ledgerOf, times, type ShortRow } from './ledgers.ts'
import { A } from './vectors.ts'

const replace: Partial<Policy> = { slots: 2, replaceLocalised: true }

/** The rows in which the canary turns bad, all of it on one pod. */
const bad = (pods: Record<string, [number, number]> = { 'pod-1': [60, 2], 'pod-2': [53, 0] }): ShortRow[] =>
  errors([...A, ...A]).map((row) => ({ ...row, pods }))

const explain = (rows: ShortRow[], changes: Partial<Policy> = replace) => judge({ ledger: ledgerOf(rows, changes) })

describe('an excess on one pod', () => {
  it('asks for another pod instead of going back', () => {
    const explanation = explain(bad())
    expect(explanation).toMatchObject({ verdict: 'hold', reason: 'localised', action: { replacePod: 'pod-1' } })
    expect(explanation.sentence).toMatch(
      /^Holding at 10 %: errors are 7\.2× stable \(95 %: [\d.]+–[\d.]+\) — canary \d+ of [\d ]+, stable .*; evidence .*; 100 % of the excess sits on pod pod-1 alone, which is replaced once before the release is judged\.$/,
    )
  })

  it.each([
    ['it is spread over several', { 'pod-1': [60, 1], 'pod-2': [53, 1] }],
    ['there is only one', { 'pod-1': [113, 2] }],
    ['nobody knows the pods', {}],
    ['the other one had few requests', { 'pod-1': [105, 2], 'pod-2': [8, 0] }],
    ['the other one had no request', { 'pod-1': [113, 2], 'pod-2': [0, 0] }],
  ] as [string, Record<string, [number, number]>][])('is the release’s where %s', (_, pods) => {
    expect(explain(bad(pods))).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  })

  it('is measured in rows in which several pods had requests', () => {
    const late = bad().map((row, i): ShortRow => (i < 5 ? { ...row, pods: { 'pod-1': [113, 2] } } : row))
    expect(explain(late)).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    const early = bad({ 'pod-1': [60, 2], 'pod-2': [53, 0], 'pod-3': [0, 0] })
    expect(explain(early)).toMatchObject({ verdict: 'hold', reason: 'localised' })
  })

  it('is the release’s where nobody wants pods replaced', () => {
    expect(explain(bad(), { slots: 2 })).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  })

  it('is forgotten when the pod was replaced: older slots count as 1', () => {
    const after = times(5, { ...clean, weight: 25, slot: 1 }).with(0, { ...clean, weight: 25, slot: 1, replaced: true })
    const explanation = explain([...bad(), ...after])
    expect(explanation).toMatchObject({ verdict: 'hold', reason: 'notYet', lnE: 0 })
    expect(explanation.action).toBeUndefined()
    expect(explanation.metrics[0]?.slot).toEqual({ index: 1, startRow: 12, lnE: 0 })
  })

  it('is the release’s when it comes back on the new pod', () => {
    const again = bad().map((row): ShortRow => ({ ...row, slot: 1 }))
    const rows = [...bad(), ...again.with(0, { ...again[0], replaced: true })]
    expect(explain(rows.slice(0, 13))).toMatchObject({ verdict: 'hold', reason: 'notYet' })
    expect(explain(rows)).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  })

  it('keeps a slot for the new pod, however many weights there were', () => {
    const weights = times(3, clean).map((row, slot): ShortRow => ({ ...row, weight: 5 + slot, slot }))
    const again = bad().map((row): ShortRow => ({ ...row, slot: 3 }))
    const rows = [...weights, ...again.with(0, { ...again[0], replaced: true })]
    expect(explain(rows)).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
    expect(explain(rows).metrics[0]?.slot).toMatchObject({ index: 1, startRow: 3 })
  })

  it('does not wait for a pod when the release costs too much, or most of it fails', () => {
    const costly = errors(times(30, {}).map(() => [100, 1_000, 4, 5])).map((row) => ({
      ...row,
      pods: { 'pod-1': [50, 4], 'pod-2': [50, 0] } as Record<string, [number, number]>,
    }))
    expect(explain(costly.slice(0, 10))).toMatchObject({ verdict: 'hold', reason: 'localised' })
    expect(explain(costly)).toMatchObject({ verdict: 'rollback', reason: 'budget' })
  })

  it('that is slowness says nothing about pods', () => {
    const metrics: Policy['metrics'] = [{ name: 'latency', kind: 'latency', slowerThanMs: 250, boundariesMs: [250] }]
    const slow = times(5, { latency: [100, 300, 7, 5], pods: { a: [50, 7], b: [50, 0] } })
    expect(explain(slow, { ...replace, metrics })).toMatchObject({ verdict: 'rollback', reason: 'evidence' })
  })
})
