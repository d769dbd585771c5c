import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createMetrics, startSweep } from '../../telemetry/index.ts'

const shop = { namespace: 'shop', name: 'checkout' }
const till = { namespace: 'shop', name: 'till' }

const series = (text: string, name: string): string[] => text.split('\n').filter((line) => line.startsWith(`${name}{`))

it('counts from when a person is waited for to when not', async () => {
  let now = 1_000_000
  const metrics = createMetrics(() => now)
  const pause = async (): Promise<string[]> =>
    series(await metrics.content(), 'sluice_rollout_manual_pause_duration_seconds').map(
      (line) => line.split(' ')[1] ?? '',
    )
  const at = (waits: boolean): void => metrics.setRollout({ ...shop, weight: 5, conditions: [], waits })
  at(false)
  expect(await pause()).toEqual(['0'])
  at(true)
  now += 90_000
  at(true)
  expect(await pause()).toEqual(['90'])
  at(false)
  expect(await pause()).toEqual(['0'])
  metrics.forgetRollout(shop)
  expect(await pause()).toEqual([])
})

it('keeps no series of a Rollout that is gone, in a process that is not told', async () => {
  const metrics = createMetrics()
  for (const rollout of [shop, till]) {
    metrics.releases.inc({ ...rollout, outcome: 'RolledBack' })
    metrics.rollbacks.inc({ ...rollout, reason: 'RolledBack' })
    metrics.analysisVerdicts.inc({ ...rollout, verdict: 'rollback' })
    metrics.rolloutDuration.observe(rollout, 600)
  }
  const swept = Promise.withResolvers<void>()
  const keepOnly = (there: (typeof shop)[]): Promise<void> => metrics.keepOnly(there).finally(swept.resolve)
  const sweep = startSweep({ metrics: { keepOnly }, list: async () => [till], everyMs: 5, onTrouble: swept.reject })
  await swept.promise
  sweep.stop()
  const text = await metrics.content()
  expect(text).not.toContain('checkout')
  expect(text).toContain('sluice_releases_total{namespace="shop",name="till",outcome="RolledBack"} 1')
  expect(text).toContain('sluice_rollout_duration_seconds_sum{namespace="shop",name="till"} 600')
})

it.each(['grafana.json', 'alerts.yaml'])('%s asks for nothing that the engine does not say', async (file) => {
  const text = readFileSync(new URL(`../../deploy/dashboards/${file}`, import.meta.url), 'utf8')
  const types = [...(await createMetrics().content()).matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  const said = types.flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  )
  const asked = new Set(text.match(/\bsluice_\w+/g))
  expect(asked.size).toBeGreaterThan(5)
  expect([...asked].filter((name) => !said.includes(name))).toEqual([])
})
