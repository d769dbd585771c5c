import { describe, expect, it } from 'vitest'
import type { Mark } from '../../activities/picture.ts'
import { bareRow, crashRow, cursor, markAt, rowOf } from '../../activities/rows.ts'
import type { Ledger, Reading } from '../../analysis/index.ts'
import { compile } from '../../crds/plan.ts'
import type { RolloutSpec } from '../../crds/schema/rollout.ts'
import { validManifest } from '../fixtures/manifests.ts'
import { rolloutSpec } from '../../crds/schema/rollout.ts'

const spec: RolloutSpec = rolloutSpec.parse(validManifest().spec)
const policy = { ...compile(spec).policy, interval: 2, warmUp: 0 }
const ledger = (rows: Ledger['rows'] = [], warmUp = 0): Ledger => ({
  v: 1,
  canary: 'checkout-bbb',
  baseline: 'checkout-aaa',
  policy: { ...policy, warmUp },
  sources: [],
  rows,
})
const mark = (slot: number, weight: number, since: number, addedPods = false): Mark => ({
  slot,
  weight,
  since,
  addedPods,
})
const reading = (t0: number): Reading => ({ t0, t1: t0 + 2, cells: { errors: [10, 90, 0, 0] } })

describe('rows of the guard', () => {
  const marks = [mark(0, 5, 101), mark(1, 25, 107)]

  it('a row that contains a weight change belongs to the older slot', () => {
    expect(markAt(marks, 106)).toMatchObject({ slot: 0, weight: 5 })
    expect(markAt(marks, 108)).toMatchObject({ slot: 1, weight: 25 })
  })

  it('the row in which the first weight was written counts', () => {
    expect(cursor(ledger(), marks)).toBe(100)
    expect(rowOf(reading(100), 1, marks, ledger())).toMatchObject({ slot: 0, weight: 5 })
  })

  it('a successor goes on after the last row it finds', () => {
    const row = rowOf(reading(104), 1, marks, ledger())!
    expect(cursor(ledger([row]), marks)).toBe(106)
  })

  it('what happens while the canary has no weight is nobody’s evidence', () => {
    const retreated = [...marks, mark(1, 0, 111), mark(2, 25, 131)]
    expect(rowOf(reading(112), 1, retreated, ledger())).toBeUndefined()
    const row = rowOf(reading(108), 1, marks, ledger())!
    expect(cursor(ledger([row]), retreated)).toBe(132)
  })

  it('the row in which the canary came back after a retreat does not fire the retreat again', () => {
    const back = [mark(0, 25, 101), mark(0, 0, 105.2), mark(1, 25, 105.9)]
    const after = cursor(ledger([rowOf(reading(102), 1, back, ledger())!]), back)
    expect(rowOf(reading(after), 1, back, ledger())).toMatchObject({ slot: 1, weight: 25 })
  })

  it('rows after pods were added warm up; rows without a ready pod say so', () => {
    const warmed = [mark(0, 5, 100, true), mark(1, 25, 110), mark(2, 50, 120, true)]
    expect(rowOf(reading(104), 1, warmed, ledger([], 10))).toMatchObject({ flag: 'warmup' })
    expect(rowOf(reading(110), 1, warmed, ledger([], 10))).not.toHaveProperty('flag')
    expect(rowOf(reading(122), 1, warmed, ledger([], 10))).toMatchObject({ flag: 'warmup' })
    expect(rowOf(reading(110), 0, warmed, ledger([], 10))).toMatchObject({ flag: 'retreat', ready: 0 })
  })

  it('crashes and bare stretches close the open row before its edge', () => {
    const open = ledger([rowOf(reading(108), 1, marks, ledger())!])
    expect(crashRow(marks, open)).toMatchObject({ t0: 110, t1: 112, crash: true, cells: {}, slot: 1 })
    expect(bareRow(marks, open)).toMatchObject({ flag: 'retreat', bareFor: 5, ready: 0 })
  })
})
