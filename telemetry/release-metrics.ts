import { Counter, Histogram, type Registry } from 'prom-client'

const ROLLOUT = ['namespace', 'name'] as const
const MINUTE = 60
const HOUR = 60 * MINUTE

type Labels = Record<string, string | number | undefined>
type Removable = { get(): Promise<{ values: { labels: Labels }[] }>; remove(labels: Labels): void }

/** What became of releases. Written by workers, which nobody tells that a Rollout is gone: see `keepOnly`. */
export function releaseMetrics(registers: Registry[]) {
  const analysisVerdicts = new Counter({
    name: 'sluice_analysis_verdicts_total',
    help: 'Verdicts of the analysis, by what they say.',
    labelNames: [...ROLLOUT, 'verdict'],
    registers,
  })
  const rollbacks = new Counter({
    name: 'sluice_rollbacks_total',
    help: 'Releases that went back to stable, by reason.',
    labelNames: [...ROLLOUT, 'reason'],
    registers,
  })
  const releases = new Counter({
    name: 'sluice_releases_total',
    help: 'Releases that ended, by outcome.',
    labelNames: [...ROLLOUT, 'outcome'],
    registers,
  })
  const rolloutDuration = new Histogram({
    name: 'sluice_rollout_duration_seconds',
    help: 'How long releases took, from their beginning to their outcome.',
    labelNames: ROLLOUT,
    buckets: [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR / 2, HOUR, 2 * HOUR, 6 * HOUR, 24 * HOUR, 72 * HOUR],
    registers,
  })
  const all = { analysisVerdicts, rollbacks, releases, rolloutDuration }
  return {
    ...all,
    /** Series of all other Rollouts go. */
    keepOnly: (there: { namespace: string; name: string }[]) => removeOthers(Object.values(all), there),
  }
}

async function removeOthers(metrics: Removable[], there: { namespace: string; name: string }[]): Promise<void> {
  const kept = new Set(there.map(({ namespace, name }) => `${namespace}/${name}`))
  for (const metric of metrics) {
    for (const { labels } of (await metric.get()).values) {
      const { le: _bucket, ...own } = labels
      if (!kept.has(`${own['namespace']}/${own['name']}`)) metric.remove(own)
    }
  }
}
