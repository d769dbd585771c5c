import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { encodeLedger, judge, type Ledger } from '../../analysis/index.ts'
import type { ReleaseStatus } from '../../crds/schema/release.ts'
import { clean, ledgerOf, silent, times, type ShortRow } from '../analysis/ledgers.ts'
import { A } from '../analysis/vectors.ts'
import { CANARY, STABLE, stage, type Cli } from './stage.ts'

const rows = A.map((errors, i): ShortRow => ({
  errors,
  weight: i < 3 ? 5 : 10,
  slot: i < 3 ? 0 : 1,
  pods: { 'checkout-c-x': [errors[0], errors[2]], 'checkout-c-y': [errors[0], 0] },
  classes: { 'code:503': [errors[2], errors[3]] },
}))
const ledger = ledgerOf(rows, { slots: 1 })

/** Release 2 ended by this ledger's verdict. */
function ended(cli: Cli, of: Ledger = ledger, changes: Partial<ReleaseStatus> = {}): void {
  const lastRelease = { number: 2, revision: CANARY, outcome: 'RolledBack' } as const
  cli.rollout('RolledBack', 'it was bad', { lastRelease, weight: 0 })
  cli.release(2, { outcome: 'RolledBack', verdict: judge({ ledger: of }), ledger: encodeLedger(of), ...changes })
}

describe('sluice explain', () => {
  it('tells which metric, how much, how sure and which pod, and that it comes out the same again', async () => {
    const cli = await stage()
    ended(cli)
    const { out, code } = await cli.sluice('explain', 'checkout')
    expect(code).toBe(0)
    expect(out).toContain(`✖ RolledBack · release 2 · ${CANARY} after ${STABLE}\n`)
    expect(out.replace(/\n/g, ' ')).toContain(judge({ ledger }).sentence)
    expect(out).toContain('✔ Computed again from 6 stored rows: identical.')
    expect(out).toMatch(
      /^errors +678 : 8\u00A0317 +10 : 15 +1\.5 % : 0\.18 % +7\.2 \(1\.7–27\) +366 : 1 +100 % +\+8\.7 ± 1\.2 +reached$/m,
    )
    expect(out).toMatch(/^ {2}pod +checkout-c-x +678 +10 /m)
    expect(out).toMatch(/^ {2}code +503 /m)
    expect(out).toContain('errors: istio_requests_total{…} (15s)')
  })

  it('shows the rows over time, put together where nothing changed', async () => {
    const cli = await stage()
    const long = [
      ...times(100, { errors: [50, 950, 0, 1] }),
      ...times(2, silent),
      ...times(3, { ...clean, slot: 1, weight: 50 }),
    ]
    ended(cli, ledgerOf(long))
    const { out } = await cli.sluice('explain', 'checkout')
    const lines = out.slice(out.indexOf('TIME  ')).split('\n\n')[0]?.split('\n') ?? []
    expect(lines.length).toBeLessThanOrEqual(25)
    const counted = lines.slice(1).map((line) => Number(line.trim().split(/ {2,}/)[1]))
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(long.length)
    expect(lines.at(-1)).toMatch(/^\d\d:\d\d:\d\d +3 +50 % +0 of 300 : 0 of 900 +/)
    expect(lines.at(-2)).toMatch(/no data .* nobody answers$/)
  })

  it('exits 1 and says where, when the rows give another verdict', async () => {
    const cli = await stage()
    ended(cli, ledger, { verdict: { ...judge({ ledger }), lnE: 7, sentence: 'Rolled back: because.' } })
    const { out, code } = await cli.sluice('explain', 'checkout')
    expect(code).toBe(1)
    expect(out).toContain('✖ Computed again from 6 stored rows: NOT identical. They differ in sentence, lnE.')
    expect(out).toContain(`The rows give: ${judge({ ledger }).sentence.slice(0, 40)}`)
  })

  it('says how far the verdict of a running release is ahead of its stored rows', async () => {
    const cli = await stage()
    const running = ledgerOf(times(8, clean))
    const stored = { ...running, rows: running.rows.slice(0, 6) }
    cli.rollout('Progressing', 'at 25 %', { canary: CANARY, release: 2, weight: 25 })
    cli.release(2, { verdict: judge({ ledger: running }), ledger: encodeLedger(stored) })
    const { out, code } = await cli.sluice('explain', 'checkout')
    expect(code).toBe(0)
    expect(out).toContain('the verdict is 30s ahead of the 6 stored rows')
  })

  it('hands everything to machines, rows included, so that judge can say it again', async () => {
    const cli = await stage()
    ended(cli)
    const json = JSON.parse((await cli.sluice('explain', 'checkout', '-o', 'json')).out) as { ledger: Ledger }
    expect(json).toMatchObject({ agreement: 'identical', outcome: 'RolledBack', verdict: { verdict: 'rollback' } })
    expect(judge({ ledger: json.ledger })).toEqual(judge({ ledger }))
    expect(parse((await cli.sluice('explain', 'checkout', '-o', 'yaml')).out)).toEqual(json)
  })

  it('explains an earlier release, and says so when there is nothing to explain', async () => {
    const cli = await stage()
    ended(cli)
    cli.release(1, { outcome: 'Promoted' })
    cli.release(3, { outcome: 'Aborted' })
    expect((await cli.sluice('explain', 'checkout', '--release', '2')).code).toBe(0)
    for (const [number, complaint] of [
      ['1', 'release 1 of shop/checkout was the first: there was nothing to compare it with'],
      ['3', 'release 3 of shop/checkout has no evidence: nothing was measured before it ended (Aborted)'],
      ['9', 'there is no release 9 of checkout; there are 1, 2, 3'],
    ] as const) {
      const { code, complaints } = await cli.sluice('explain', 'checkout', '--release', number)
      expect({ code, complaints }).toEqual({ code: 1, complaints: `error: ${complaint}\n` })
    }
  })
})
