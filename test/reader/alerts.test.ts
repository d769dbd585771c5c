import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ensureTools } from '../../tools/resolve.ts'
import { startChronicle } from '../stage/chronicle.ts'

const DASHBOARDS = new URL('../../deploy/dashboards/', import.meta.url)

test.concurrent('Prometheus takes the rules', async () => {
  const { promtool } = await ensureTools({ names: ['promtool'] })
  const rules = fileURLToPath(new URL('alerts.yaml', DASHBOARDS))
  const { stdout } = await promisify(execFile)(promtool, ['check', 'rules', '--lint-fatal', rules], { timeout: 60_000 })
  expect(stdout).toContain('7 rules found')
})

test.concurrent('Prometheus understands every question of the dashboard', async () => {
  const now = Math.floor(Date.now() / 1_000)
  const info = 'sluice_rollout_info{namespace="shop",name="checkout"}'
  await using chronicle = await startChronicle([
    {
      series: info,
      samples: [
        [now - 60, 1],
        [now, 1],
      ],
    },
  ])
  const { panels } = JSON.parse(await readFile(new URL('grafana.json', DASHBOARDS), 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[]
  }
  const misunderstood: string[] = []
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      const query = new URLSearchParams({ query: expr.replaceAll('$namespace', '.*') }).toString()
      const response = await fetch(`${chronicle.url}/api/v1/query?${query}`, { signal: AbortSignal.timeout(10_000) })
      if (response.status !== 200) misunderstood.push(`${title}: ${await response.text()}`)
    }
  }
  expect(misunderstood).toEqual([])
})
