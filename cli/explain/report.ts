import { formatDuration } from '../../crds/duration.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Explanation } from '../../crds/verdict.ts'
import { integer, wrap } from '../render.ts'
import type { Colors } from '../terminal.ts'
import { moodOf } from '../words.ts'
import { metricLines } from './metrics.ts'
import { opinionLines } from './opinions.ts'
import type { Recomputed } from './recompute.ts'
import { rowLines } from './rows.ts'

export type ReportOptions = { colors: Colors; width: number }

/** Everything that is known about a verdict, as lines for people. */
export function report(release: Release, recomputed: Recomputed, options: ReportOptions): string[] {
  const { stored, ledger } = recomputed
  const sections = [
    head(release, stored, options),
    agreementLines(recomputed, options),
    metricLines(stored, options),
    opinionLines(stored),
    rowLines(ledger, options),
    sourceLines(stored, options),
  ]
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, index) => (index === 0 ? section : ['', ...section]))
}

function head(
  { metadata, spec, status }: Release,
  { sentence }: Explanation,
  { colors, width }: ReportOptions,
): string[] {
  const phase = status?.outcome ?? 'running'
  const { icon, paint } = moodOf(phase)
  const title = `${colors.bold(spec.rollout)} ${colors.dim(`in ${metadata.namespace}`)}`
  const facts = [
    paint(colors)(`${icon} ${phase}`),
    `release ${spec.number}`,
    `${spec.revision} after ${spec.from ?? 'nothing'}`,
  ]
  return [title, facts.join(colors.dim(' · ')), ...wrap(sentence, width)]
}

function agreementLines(
  { agreement, computed, stored, ledger, differences }: Recomputed,
  { colors, width }: ReportOptions,
): string[] {
  const rows = ledger.rows.length === 1 ? '1 stored row' : `${integer(ledger.rows.length)} stored rows`
  if (agreement === 'identical') return [colors.green(`✔ Computed again from ${rows}: identical.`)]
  if (agreement === 'ahead') {
    const behind = formatDuration((stored.at - (ledger.rows.at(-1)?.t1 ?? stored.at)) * 1_000)
    const why = `Rows are stored once a minute: the verdict is ${behind} ahead of the ${rows}. Ask again in a minute.`
    return wrap(why, width)
  }
  const where = `They differ in ${differences.slice(0, 8).join(', ')}${differences.length > 8 ? ' …' : ''}.`
  return [
    colors.red(`✖ Computed again from ${rows}: NOT identical. ${where}`),
    ...wrap(`The rows give: ${computed.sentence}`, width, '  '),
  ]
}

function sourceLines({ metrics, data, policyHash }: Explanation, { colors }: ReportOptions): string[] {
  const { warmup, gap, retreat } = data.excluded
  const left = [
    [warmup, 'in warm-up'],
    [gap, 'with a gap'],
    [retreat, 'without a pod'],
  ].flatMap(([count, why]) => (count === 0 ? [] : [`${count} ${why}`]))
  const excluded = left.length === 0 ? '' : `, left out: ${left.join(', ')}`
  const asked = metrics
    .filter(({ query }) => query !== '')
    .map(({ name, query, window }) => `  ${name}: ${query} (${window})`)
  return [colors.dim(`${integer(data.rowsUsed)} rows used${excluded}; policy ${policyHash}`), ...asked.map(colors.dim)]
}
