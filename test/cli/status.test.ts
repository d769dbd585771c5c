import { describe, expect, it } from 'vitest'
import { stalledConditions } from '../../crds/conditions.ts'
import { judge } from '../../analysis/index.ts'
import { ledgerOf, times, type ShortRow } from '../analysis/ledgers.ts'
import { T } from '../analysis/shop.ts'
import { CANARY, STABLE, stage, type Cli } from './stage.ts'

const running = { canary: CANARY, release: 2, step: '4/5', weight: 25 }
const counts = { canary: { requests: 1_402, failed: 1 }, stable: { requests: 4_204, failed: 9 } }

function atTheGate({ rollout, release }: Cli): void {
  const message = 'Gate go-wide: waiting for an approval at 25 %'
  rollout('AwaitingApproval', message, { ...running, gate: 'go-wide' })
  const timeline = [{ at: '2030-01-01T10:00:05Z', event: 'WeightSet', message: '5 % goes to bbbbbbbbbb' }]
  release(2, { step: '4/5', stepIndex: 3, weight: 25, counts, message, timeline })
}

const end = (cli: Cli, outcome: 'Promoted' | 'RolledBack' | 'Aborted', message: string): void => {
  cli.release(2, { outcome, message, stepIndex: 3, weight: 0, endedAt: '2030-01-01T10:05:00Z' })
  const lastRelease = { number: 2, revision: CANARY, outcome }
  cli.rollout(outcome, message, {
    lastRelease,
    weight: 0,
    release: null,
    canary: null,
    gate: null,
    step: null,
  } as never)
}

describe('sluice status', () => {
  it('shows where a release is, what was counted, and what a person can do', async () => {
    const cli = await stage()
    atTheGate(cli)
    const { out, code } = await cli.sluice('status', 'checkout')
    expect(code).toBe(0)
    expect(out).toContain('checkout in shop\n◔ AwaitingApproval · release 2 · step 4/5 · 3f2a9c1 Ada: Faster totals\n')
    expect(out).toMatch(new RegExp(`canary +${CANARY} +25 % +1\u00A0402 +1 \\(0.07 %\\)`))
    expect(out).toMatch(new RegExp(`stable +${STABLE} +75 % +4\u00A0204 +9 \\(0.21 %\\)`))
    expect(out).toContain('✔ set weight 25 %\n  ▶ approve go-wide\n  · set weight 50 %\n  · promote\n')
    expect(out).toMatch(/\d\d:00:05 {2}WeightSet: 5 % goes to bbbbbbbbbb/)
    expect(out).toContain('sluice approve checkout -n shop --release 2 --gate go-wide')
  })

  it('shows a release that was rolled back with its sentence and the step that it did not pass', async () => {
    const cli = await stage()
    atTheGate(cli)
    end(cli, 'RolledBack', 'Rolled back: 12 of 240 requests failed')
    const { out, code } = await cli.sluice('status', 'checkout')
    expect(code).toBe(1)
    expect(out).toContain('✖ RolledBack · release 2')
    expect(out).toContain('Rolled back: 12 of 240 requests failed')
    expect(out).toContain('✖ approve go-wide')
    expect(out).not.toContain('sluice approve')
  })

  it('waits where a time is named', async () => {
    const cli = await stage()
    atTheGate(cli)
    const { code, complaints } = await cli.sluice('status', 'checkout', '--timeout', '10ms')
    expect(code).toBe(2)
    expect(complaints).toContain('not finished within 10ms')
  })

  it('shows the last lines of a Job that failed, each on a line of its own', async () => {
    const cli = await stage()
    end(cli, 'RolledBack', 'Rolled back: Job checkout-2-1 failed')
    const at = '2030-01-01T10:00:05Z'
    const passed = { at, event: 'JobPassed', message: 'Job checkout-2-1 passed', detail: 'all is well' }
    const failed = { at, event: 'JobFailed', message: 'Job checkout-2-2 failed', detail: 'expected 200\n  got 500' }
    cli.release(2, { timeline: [passed, failed] })
    const { out } = await cli.sluice('status', 'checkout')
    expect(out).toMatch(/JobFailed: Job checkout-2-2 failed\n +│ expected 200\n +│ {3}got 500\n/)
    expect(out).not.toContain('all is well')
  })

  it('says what is wrong with a declaration that the engine refuses, whatever was released before', async () => {
    const cli = await stage()
    end(cli, 'Promoted', 'the one before')
    const message = 'spec.router.istio: there is no VirtualService shop'
    const stalled = stalledConditions({ stall: 'InvalidSpec', message, generation: 1, at: 0 })
    cli.rollout('Promoted', 'the one before', { conditions: stalled })
    const { out } = await cli.sluice('status', 'checkout')
    expect(out).toContain(`✖ InvalidSpec · release 2 · 3f2a9c1 Ada: Faster totals\n${message}\n`)
    expect(await cli.begin(['status', 'checkout', '--watch']).ended).toBe(1)
  })

  it('says of a running release what it still needs, and how soon a worse canary would be found', async () => {
    const cli = await stage()
    atTheGate(cli)
    const running = { kind: 'analyze', from: T, for: 300 } as const
    const verdict = (rows: ShortRow[]) => judge({ ledger: { ...ledgerOf(rows), running } })
    const seen = times(8, { errors: [375, 1_125, 0, 2] })
    cli.release(2, { weight: 25, verdict: verdict(seen) })
    const { out } = await cli.sluice('status', 'checkout')
    expect(out).toContain(`Evidence: ${verdict(seen).sentence.slice(0, 60)}`)
    expect(out).toMatch(
      /^Needed: \d+ bad canary requests \(errors\) in the next interval roll back; \d+ more good intervals lead on\.$/m,
    )
    expect(out.replace(/\s+/g, ' ')).toMatch(
      /At this traffic and weight a canary is found that is 2 times as bad in about \d+m, 5 times as bad in about \w+, 10 times as bad in about \w+\./,
    )
    const told = verdict(seen)
    const metrics = told.metrics.map((metric) => ({ ...metric, needed: { badToRollback: 1, cleanRowsToPromote: 1 } }))
    cli.release(2, { weight: 25, verdict: { ...told, metrics } })
    expect((await cli.sluice('status', 'checkout')).out).toContain(
      'Needed: 1 bad canary request (errors) in the next interval rolls back; 1 more good interval leads on.',
    )
    cli.release(2, { weight: 25, verdict: verdict(times(8, { errors: [1, 3, 0, 1] })) })
    expect((await cli.sluice('status', 'checkout')).out).toContain(
      'With 0.27 requests/s nothing is decided within an hour.',
    )
    end(cli, 'Promoted', 'done')
    expect((await cli.sluice('status', 'checkout')).out).not.toContain('Needed:')
  })

  it('shows the steps that a person passed over as skipped', async () => {
    const cli = await stage()
    cli.rollout('Promoted', 'serves')
    cli.release(2, { outcome: 'Promoted', stepIndex: 5, weight: 100, skipped: [1, 3, 4] })
    const { out } = await cli.sluice('status', 'checkout', '--release', '2')
    expect([...out.matchAll(/^ {2}([✔⤼]) /gm)].map(([, icon]) => icon).join('')).toBe('✔⤼✔⤼⤼✔')
  })

  it('shows an earlier release, and says which there are when there is no such one', async () => {
    const cli = await stage()
    atTheGate(cli)
    cli.release(1, { outcome: 'Promoted', message: 'Promoted: the first one' })
    expect((await cli.sluice('status', 'checkout', '--release', '1')).out).toContain('✔ Promoted · release 1')
    const none = await cli.sluice('status', 'checkout', '--release', '7')
    expect(none).toMatchObject({ code: 1, complaints: 'error: there is no release 7 of checkout; there are 1, 2\n' })
  })
})

describe('sluice status --watch', () => {
  it('prints a line per change and exits 0 when the release was promoted', async () => {
    const cli = await stage()
    atTheGate(cli)
    const { seen, ended, out } = cli.begin(['status', 'checkout', '--watch'])
    await seen('AwaitingApproval · release 2 · step 4/5 · weight 25 %')
    end(cli, 'Promoted', 'Promoted: revision bbbbbbbbbb serves all of the traffic')
    expect(await ended).toBe(0)
    expect(out().trimEnd().split('\n').at(-1)).toMatch(
      /^\d\d:\d\d:\d\d {2}✔ Promoted · release 2 {2}Promoted: revision/,
    )
  })

  it.each(['RolledBack', 'Aborted'] as const)('exits 1 when the release ends as %s', async (outcome) => {
    const cli = await stage()
    atTheGate(cli)
    const { seen, ended } = cli.begin(['status', 'checkout', '--watch'])
    await seen('AwaitingApproval')
    end(cli, outcome, 'it is over')
    expect(await ended).toBe(1)
  })

  it('waits for the engine to have seen what was declared last, not for the state before', async () => {
    const cli = await stage()
    end(cli, 'Promoted', 'the one before')
    cli.rollout('Promoted', 'the one before', { observedGeneration: 0 })
    const { seen, ended } = cli.begin(['status', 'checkout', '--watch'])
    await seen('the one before')
    cli.rollout('Progressing', 'the new one', { ...running, observedGeneration: 1 })
    cli.release(2, { step: '1/5', stepIndex: 0, weight: 0, message: 'the new one' })
    await seen('the new one')
    end(cli, 'RolledBack', 'it was bad')
    expect(await ended).toBe(1)
  })

  it('goes by the outcome of the release that was asked for', async () => {
    const cli = await stage()
    atTheGate(cli)
    cli.release(1, { outcome: 'Superseded', message: 'Superseded: makes way' })
    expect(await cli.begin(['status', 'checkout', '--watch', '--release', '1']).ended).toBe(1)
  })

  it('exits 2 when time is up', async () => {
    const cli = await stage()
    atTheGate(cli)
    const { ended, complaints } = cli.begin(['status', 'checkout', '--watch', '--timeout', '50ms'])
    expect(await ended).toBe(2)
    expect(complaints()).toContain('not finished within 50ms')
  })

  it('asks the server once and is told the rest', async () => {
    const cli = await stage()
    atTheGate(cli)
    const { seen, ended } = cli.begin(['status', 'checkout', '--watch'])
    await seen('AwaitingApproval')
    for (let weight = 26; weight < 40; weight += 1) {
      cli.rollout('Progressing', `at ${weight} %`, running)
      await seen(`at ${weight} %`)
    }
    const lists = cli.server.requests.filter(({ query }) => query.get('watch') !== 'true')
    expect(lists).toHaveLength(4)
    end(cli, 'Promoted', 'done')
    await ended
  })

  it('redraws in place on a screen, and never more than the screen holds', async () => {
    const cli = await stage()
    atTheGate(cli)
    const { seen, ended, out } = cli.begin(['status', 'checkout', '--watch'], { columns: 50, rows: 12 })
    await seen('AwaitingApproval')
    expect(out().trimEnd().split('\n').length).toBeLessThan(12)
    expect(
      Math.max(
        ...out()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(50)
    end(cli, 'Promoted', 'done')
    await ended
    expect(out()).toContain('\u001B[11A\u001B[0J')
  })
})
