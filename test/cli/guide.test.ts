import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { encodeLedger, judge } from '../../analysis/index.ts'
import { ledgerOf, type ShortRow } from '../analysis/ledgers.ts'
import { A } from '../analysis/vectors.ts'
import { validManifest } from '../fixtures/manifests.ts'
import { CANARY, stage } from './stage.ts'

/** The guide is tried out: every command in it is run, on the files that it speaks of. Prometheus has its own test. */

const guide = readFileSync('docs/evidence.md', 'utf8')
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text = '']) => text)
const commands = blocks('sh')
  .flatMap((text) => text.trim().split('\n'))
  .filter((line) => !line.includes('--prometheus'))

const ledger = ledgerOf(
  A.map((errors): ShortRow => ({ errors })),
  { slots: 1 },
)

function folder() {
  const made = mkdtempSync(join(tmpdir(), 'sluice-guide-'))
  onTestFinished(() => rm(made, { recursive: true }))
  const { spec, ...rest } = validManifest() as { spec: Record<string, unknown> }
  const analysis = {
    prometheus: { address: 'http://prometheus' },
    metrics: [
      { name: 'errors', requests: {} },
      { name: 'latency', latency: { slowerThan: '250ms' } },
    ],
  }
  const [header = '', first = '', second = ''] = (blocks('csv')[0] ?? '').trim().split('\n')
  const later = Array.from({ length: 120 }, (_, i) =>
    second.replace(/^[^,]+/, new Date(Date.parse('2026-03-01T00:01:00Z') + i * 60_000).toISOString()),
  )
  writeFileSync(join(made, 'ledgers.ndjson'), `${blocks('json')[0]}${JSON.stringify(ledger)}\n`)
  writeFileSync(join(made, 'rollout.yaml'), stringify({ ...rest, spec: { ...spec, analysis } }))
  writeFileSync(join(made, 'minutes.csv'), [header, first, ...later].join('\n'))
  return made
}

/** File names of the guide stand in the folder. */
const wordsOf = (command: string, place: string): string[] =>
  command
    .split(' ')
    .slice(1)
    .map((word) => (/^[\w-]+\.(ndjson|yaml|csv|svg)$/.test(word) ? join(place, word) : word))

describe('the guide to evidence', () => {
  it('has commands of all kinds', () => {
    const kinds = new Set(commands.map((command) => command.split(' ').slice(0, 2).join(' ')))
    expect([...kinds].sort()).toEqual(['sluice backtest', 'sluice explain', 'sluice judge', 'sluice status'])
  })

  it.each(commands)('%s', async (command) => {
    const cli = await stage()
    const lastRelease = { number: 7, revision: CANARY, outcome: 'RolledBack' } as const
    cli.rollout('RolledBack', 'it was bad', { lastRelease, weight: 0 })
    cli.release(7, { outcome: 'RolledBack', verdict: judge({ ledger }), ledger: encodeLedger(ledger) })
    const place = folder()
    const words = wordsOf(command, place)
    const { code, out, complaints } = await cli.sluice(...words)
    expect({ code, complaints: complaints.replaceAll(/^.*(replaying: \d+ %|is drawn)\n/gm, '') }).toEqual({
      // It was rolled back.
      code: words[0] === 'status' ? 1 : 0,
      complaints: '',
    })
    expect(out.length).toBeGreaterThan(100)
    for (const word of words.filter((word) => word.endsWith('.svg'))) expect(existsSync(word)).toBe(true)
  })
})
