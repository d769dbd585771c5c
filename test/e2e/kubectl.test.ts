import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { phaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')

test.concurrent('kubectl get shows where a release is', async () => {
  await using stage = await openStage({ access, name: 'columns' })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const canary = stage.now().rollout?.status?.canary ?? ''

  const all = await kubectl('get', 'rollouts,releases', '-A')
  expect(rowOf(all, 'columns', 'rollout.sluice.dev/checkout')).toMatchObject({
    STATUS: 'AwaitingApproval',
    STEP: '2/2',
    WEIGHT: '20',
    REVISION: canary,
  })
  expect(rowOf(all, 'columns', 'release.sluice.dev/checkout-1')).toMatchObject({ NUMBER: '1', OUTCOME: 'Promoted' })
  expect(rowOf(all, 'columns', 'release.sluice.dev/checkout-2')).toMatchObject({
    ROLLOUT: 'checkout',
    NUMBER: '2',
    REVISION: canary,
    OUTCOME: '',
    STEP: '2/2',
    WEIGHT: '20',
  })
  expect(await kubectl('get', 'slr', '-n', 'columns', '-o', 'wide')).toContain(
    'Gate go: waiting for an approval at 20 %',
  )
})

test.concurrent('kubectl explain tells how a strategy is written', async () => {
  const text = await kubectl('explain', 'rollout.spec.strategy.canary.steps')
  expect(text).toContain('The way of a release, in order')
  expect(text).toMatch(/setWeight\s+<integer>\n\s+Moves the canary to this percentage/)
  expect(text).toMatch(/approve\s+<Object>/)
})

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
  return stdout
}

/** The cells of one line by the titles above it; kubectl aligns them. */
function rowOf(table: string, namespace: string, name: string): Record<string, string> {
  const lines = table.split('\n')
  const index = lines.findIndex((line) => line.startsWith(`${namespace} `) && line.includes(` ${name} `))
  const titles = lines.slice(0, index).findLast((line) => line.startsWith('NAMESPACE')) ?? ''
  const columns = [...titles.matchAll(/\S+\s*/g)]
  return Object.fromEntries(
    columns.map(({ 0: title, index: from }) => [
      title.trim(),
      (lines[index] ?? '').slice(from, from + title.length).trim(),
    ]),
  )
}
