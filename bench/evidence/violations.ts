import type { Violation } from './fixed.ts'
import type { Chapter, Line } from './line.ts'
import type { Judge } from './rules.ts'
import { fixedLines, percent } from './s1.ts'

const RUNS = 4_000
/** One in a thousand takes more. */
const RARE_RUNS = 20_000
const SLOTS = 4

const judge = (rule: string, rho0: number, slots = SLOTS, phi = 1): Judge => ({
  kind: 'sluice',
  rho0,
  slots,
  phi,
  thresholds: { [rule]: 100 },
})

/**
 * Analysis.md 3.8: identical versions where requests do not fail one by one, at random and alike; and what helps. The bad
 * share behind the published figures is not told; those of retries and bursts fit 0.2 % without restarts and no other.
 */
export function violationsChapter(): Chapter {
  const retries = (times: number, naive: string): Line[] =>
    violated(`retries${times}`, `each bad request counted ${times} times`, 0.002, { kind: 'retries', times }, [
      [judge('naive', 1, 1), `${naive} %`],
      [judge('tempered', 1, 1, times), '0.2–0.4 %'],
      [judge('restarts', 1), ''],
      [judge('shipped', 1, SLOTS, times), ''],
    ])
  const bursts = (mean: number, naive: string, tempered: string): Line[] =>
    violated(`bursts${mean}`, `bursts of ${mean} on average`, 0.002, { kind: 'bursts', mean }, [
      [judge('naive', 1, 1), `${naive} %`],
      [judge('tempered', 1, 1, 2 * mean - 1), `${tempered} %`],
      [judge('restarts', 1), ''],
      [judge('shipped', 1, SLOTS, 2 * mean - 1), ''],
    ])
  const slowNode = (deviation: number, share: number, told: [string, string, string]): Line[] =>
    violated(
      `node${deviation} p${share * 100}`,
      `canary on a slow node, ${deviation}, ${percent(share)} errors`,
      share,
      { kind: 'slowNode', deviation },
      [
        [judge('restarts', 1), told[0]],
        [judge('rho 1.25', 1.25), told[1]],
        [judge('rho 1.5', 1.5), told[2]],
      ],
    )
  return {
    title: 'Broken assumptions, identical versions: rolled back without and with the counter-measure',
    lines: [
      ...retries(2, '6'),
      ...retries(3, '15'),
      ...retries(5, '30'),
      ...bursts(2, '14', '0.7'),
      ...bursts(5, '38', '0.9'),
      ...slowNode(0.2, 0.002, ['3–9 %', '0.3–1 %', '≤ 0.1 %']),
      ...slowNode(0.3, 0.002, ['9–17 %', '3–5 %', '1 %']),
      ...[0.0005, 0.005].flatMap((share) =>
        [0.2, 0.3].flatMap((deviation) => slowNode(deviation, share, ['', '', ''])),
      ),
      ...[100, 1_000].flatMap(spending),
    ],
  }
}

const NAMES: Record<string, string> = {
  naive: 'Sluice ρ0=1, no restarts',
  restarts: 'Sluice ρ0=1',
  tempered: 'Sluice ρ0=1, tempered, no restarts',
  shipped: 'Sluice ρ0=1, tempered',
  'rho 1.25': 'Sluice ρ0=1.25',
  'rho 1.5': 'Sluice ρ0=1.5',
}

function violated(key: string, what: string, share: number, violation: Violation, told: [Judge, string][]): Line[] {
  const rules = told.flatMap(([judge, text]) =>
    judge.kind === 'sluice' ? Object.keys(judge.thresholds).map((rule): [string, string] => [rule, text]) : [],
  )
  return fixedLines(
    { key: `violation ${key}`, what, world: { share, violation }, judges: told.map(([judge]) => judge), runs: RUNS },
    Object.fromEntries(rules),
  ).map((line) => ({ ...line, who: NAMES[line.rule] ?? line.who }))
}

/** The budget cap is outside the α guarantee, so that it is counted by itself. */
const spending = (rps: number): Line[] =>
  fixedLines(
    {
      key: `cap ${rps}`,
      what: `${rps} requests/s, 0.2 % errors, identical`,
      world: { rps },
      judges: [{ kind: 'budget' }],
      runs: RARE_RUNS,
      of: RUNS,
    },
    { budget: '≤ 0.15 %' },
  ).map((line) => ({ ...line, who: 'the budget cap alone' }))
