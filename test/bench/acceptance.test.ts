import { describe, expect, it } from 'vitest'
import { acceptanceRows } from '../../bench/evidence/acceptance.ts'
import { allChapters } from '../../bench/evidence/chapters.ts'
import type { Told } from '../../bench/evidence/print.ts'
import type { Figure } from '../../bench/evidence/published.ts'

/** Every line of every table, as if every figure of it had come out as 1.5. */
const figure = (unit: Figure['unit']): Figure => ({ unit, ours: 1.5, isOff: false })
const told = allChapters()
  .flatMap(({ lines }) => lines)
  .map((line): Told => ({ line, figures: [figure('share'), figure('seconds'), figure('p90'), figure('failed')] }))

describe('the slow node', () => {
  const rows = acceptanceRows(told, new Map())

  it('has the limit of one percent at 0.2 % errors', () => {
    expect(rows.find(({ key }) => key === 'slowNodePercent')).toMatchObject({ limit: 1, value: 1.5 })
  })

  it('has none at 0.5 % errors, and says that the limit of the specification does not hold there', () => {
    const row = rows.find(({ key }) => key === 'slowNodeBusyPercent')
    expect(row).not.toHaveProperty('limit')
    expect(row?.what).toContain('≤ 1 % of section 14 does not hold')
  })
})
