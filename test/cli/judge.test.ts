import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { encodeLedger, harm, judge, type Ledger, type Row } from '../../analysis/index.ts'
import { ledgerOf, type ShortRow } from '../analysis/ledgers.ts'
import { A } from '../analysis/vectors.ts'
import { compile } from '../../crds/plan.ts'
import type { RolloutSpec } from '../../crds/schema/rollout.ts'
import { folder, sluice as typed } from './typed.ts'

const ledger = ledgerOf(
  A.map((errors): ShortRow => ({ errors })),
  { slots: 1 },
)
const release = (of: Ledger) => ({
  kind: 'Release',
  metadata: { namespace: 'shop', name: 'checkout-7' },
  status: { ledger: encodeLedger(of) },
})

/** ln E of the whole where there is one slot only. */
const harmOf = (slots: number): number =>
  judge({ ledger: { ...ledger, policy: { ...ledger.policy, slots, falseRollback: 1e-9 } } }).lnE

/** In a folder that is gone after the test. */
function fileWith(...lines: string[]): string {
  const file = folder()('ledgers.ndjson')
  writeFileSync(file, lines.join('\n'))
  return file
}

async function sluice(...args: string[]) {
  const said = await typed(...args)
  const lines = said.out.split('\n').filter(Boolean)
  return { ...said, verdicts: lines.map((line) => JSON.parse(line) as Verdict) }
}

type Verdict = {
  verdict: string
  lnE: number
  sentence: string
  trace?: number[]
  release?: string
  metrics: { name: string }[]
}

describe('sluice judge', () => {
  it('says the verdict on every ledger as one line of JSON', async () => {
    const clean = ledgerOf([{ errors: [100, 300, 0, 0] }])
    const { code, verdicts, complaints } = await sluice(
      'judge',
      fileWith(JSON.stringify(ledger), '', JSON.stringify(clean)),
    )
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' })
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['rollback', 'hold'])
    expect(verdicts[0]).toEqual(judge({ ledger }))
  })

  it('adds ln E after every row', async () => {
    const { verdicts } = await sluice('judge', fileWith(JSON.stringify(ledger)), '--trace')
    const expected = harm({ rows: A, rho0: 1.25, lo: 1.375, hi: 125, k: 48 })
    expect(verdicts[0]?.trace).toHaveLength(A.length)
    for (const [i, lnE] of expected.entries()) expect(verdicts[0]?.trace?.[i]).toBeCloseTo(lnE, 9)
  })

  it('takes a Release as kubectl prints it, a List of them, and the stored form alone', async () => {
    const pretty = (value: unknown): string => JSON.stringify(value, undefined, 2)
    const one = await sluice('judge', fileWith(pretty(release(ledger))))
    const many = await sluice('judge', fileWith(pretty({ kind: 'List', items: [release(ledger), release(ledger)] })))
    const mixed = await sluice('judge', fileWith(pretty(release(ledger)), pretty(ledger), JSON.stringify(ledger)))
    expect(mixed.verdicts).toHaveLength(3)
    const alone = await sluice('judge', fileWith(encodeLedger(ledger), JSON.stringify(encodeLedger(ledger))))
    expect(one.verdicts).toEqual([{ release: 'shop/checkout-7', ...judge({ ledger }) }])
    expect(many.verdicts).toHaveLength(2)
    expect(alone.verdicts).toEqual([judge({ ledger }), judge({ ledger })])
  })

  it('reads standard input', () => {
    const input = `${JSON.stringify(ledger)}\n`
    const { stdout, status } = spawnSync(process.execPath, ['cli/main.ts', 'judge', '-'], { input, encoding: 'utf8' })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual(judge({ ledger }))
  })

  it('fills in what a policy leaves out, compares what the rows have, and names what it does not know', async () => {
    const { policy: _, sources: __, ...bare } = ledger
    const { verdicts, complaints, code } = await sluice(
      'judge',
      fileWith(JSON.stringify({ ...bare, policy: { fasleRollback: 1 } })),
    )
    expect(verdicts[0]).toMatchObject({ verdict: 'rollback', metrics: [{ name: 'errors' }] })
    expect({ complaints, code }).toEqual({
      complaints: 'line 1: policy.fasleRollback is unknown and ignored\n',
      code: 0,
    })
  })

  it('judges by the defaults of a Rollout: a slot per weight and one for a pod that is replaced, once', async () => {
    const rows = ledger.rows.map((row): Row => ({ ...row, pods: { one: [60, 2], other: [53, 0] } }))
    const { policy: _, ...bare } = { ...ledger, rows }
    const { policy } = compile({
      ...({ bake: { for: '0s' }, strategy: { canary: { steps: [{ setWeight: 5 }] } } } as RolloutSpec),
      analysis: undefined as never,
    })
    const { verdicts } = await sluice('judge', fileWith(JSON.stringify(bare)))
    expect(verdicts).toEqual([
      judge({ ledger: { ...bare, rows, policy: { ...policy, metrics: ledger.policy.metrics } } }),
    ])
    expect(verdicts[0]).toMatchObject({ verdict: 'hold', reason: 'localised' })
    const ramp = { ladder: [1, 2, 5], dwell: 0 }
    const climbing = await sluice('judge', fileWith(JSON.stringify({ ...bare, policy: { ramp } })))
    const slots = Math.round((Math.exp(harmOf(1)) - 1) / (Math.exp(climbing.verdicts[0]?.lnE ?? 0) - 1))
    expect(slots).toBe(4)
  })

  const broken = (change: (rows: Ledger['rows']) => void): string => {
    const copy = structuredClone(ledger)
    change(copy.rows)
    return JSON.stringify(copy)
  }
  it.each([
    ['{"v":1', 'this is no JSON: '],
    ['{"v":2,"rows":[]}', 'v has to be 1, the version of the ledger, not 2'],
    ['{"v":1}', 'rows has to be a list, not missing'],
    ['{"kind":"Pod"}', 'kind has to be Release or List; a ledger has none, not "Pod"'],
    ['{"kind":"Release","metadata":{"name":"checkout-1"}}', 'Release checkout-1 holds no status.ledger'],
    ['"H4sIbroken"', 'the stored ledger is not gzipped JSON in base64'],
    [
      broken((rows) => (rows[2]!.cells.errors = [1, 2, 3, 0])),
      'rows[2].cells.errors counts more bad events than requests: [1, 2, 3, 0]',
    ],
    [
      broken((rows) => (rows[2]!.cells.errors = [1.5, 2, 0, 0])),
      'rows[2].cells.errors[0] has to be a whole number from 0 on, not 1.5',
    ],
    [broken((rows) => (rows[1]!.weight = 101)), 'rows[1].weight has to be a number from 0 to 100, not 101'],
    [
      broken((rows) => (rows[3]!.t0 -= 15)),
      'rows[3].t0 has to be 1800000045 or later, where the row before ends, not 1800000030',
    ],
    [
      broken((rows) => (rows[1]!.flag = 'pause' as never)),
      'rows[1].flag has to be one of warmup, gap, retreat, not "pause"',
    ],
    [JSON.stringify({ ...ledger, policy: { burst: 0 } }), 'policy.burst has to be a number from 1 on, not 0'],
    [
      JSON.stringify({ ...ledger, policy: { metrics: [{ name: 'e', kind: 'errors' }] } }),
      'policy.metrics[0].kind has to be one of requests, latency, counters, conversion, gauge, not "errors"',
    ],
  ])('names line and field of what is wrong, and judges the rest: %.30s', async (line, complaint) => {
    const { code, verdicts, complaints } = await sluice(
      'judge',
      fileWith(JSON.stringify(ledger), line, JSON.stringify(ledger)),
    )
    expect(code).toBe(1)
    expect(complaints).toContain(`line 2: ${complaint}`)
    expect(verdicts).toHaveLength(2)
  })

  it('says so when the file cannot be read, or is empty', async () => {
    expect((await sluice('judge', '/nowhere.ndjson')).complaints).toMatch(
      /^error: cannot read \/nowhere\.ndjson: ENOENT/,
    )
    const file = fileWith('')
    expect((await sluice('judge', file)).complaints).toBe(`error: ${file} is empty: write one ledger per line\n`)
  })

  it('draws evidence, ratio and weight, one picture per ledger', async () => {
    const file = fileWith(JSON.stringify(ledger), JSON.stringify({ ...ledger, canary: 'a<b' }))
    const picture = join(file, '..', 'out.svg')
    expect((await sluice('judge', file, '--picture', picture)).code).toBe(0)
    const drawn = readFileSync(picture, 'utf8')
    for (const words of [
      'Evidence that',
      'canary : stable',
      'Weight of',
      'Rolled back: errors are 7.2×',
      'rolled back',
    ]) {
      expect(drawn).toContain(words)
    }
    expect(drawn).not.toMatch(/NaN|undefined|Infinity/)
    expect(readFileSync(join(file, '..', 'out-2.svg'), 'utf8')).toContain('a&lt;b')
    expect((await sluice('judge', file, '--picture', 'out.png')).complaints).toContain('write out.svg instead')
  })
})
