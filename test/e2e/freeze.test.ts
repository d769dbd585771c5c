import { expect, inject, test } from 'vitest'
import { API_VERSION, FREEZE } from '../../crds/names.ts'
import { EVENTS, FREEZES, NAMESPACES } from '../../crds/resources.ts'
import type { FreezeSpec } from '../../crds/schema/freeze.ts'
import type { KubeObject } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { outcomeOf, phaseOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]

test.concurrent('a Freeze keeps a release at its weight, and going back is free', async () => {
  await using stage = await openStage({ access, name: 'frozen' })
  await stage.install({ version: '1.4.0', steps: STEPS })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await using _freeze = await freeze(stage, { until: '2099-01-01T00:00:00Z', reason: 'stocktaking' })
  await stage.until('it is frozen', (sight) => phaseOf(sight) === 'Frozen')
  expect(stage.now().rollout?.status?.message).toContain(
    'Frozen by Freeze frozen until 2099-01-01T00:00:00Z: stocktaking',
  )
  await eventually(async () => expect(await reasonsOf(stage)).toContain('Frozen'))
  await stage.say('abort')
  await stage.until('it is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
})

test.concurrent('a namespace that says so begins no release, and begins it when it no longer says so', async () => {
  await using stage = await openStage({ access, name: 'annotated' })
  await stage.install({ version: '1.4.0', steps: STEPS })
  await annotate(stage, '2099-01-01T00:00:00Z stocktaking')
  await stage.push({ version: '1.5.0' })
  await stage.until('it is frozen', (sight) => phaseOf(sight) === 'Frozen')
  expect(stage.now().deployments).toHaveLength(1)
  await annotate(stage, null)
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
})

test.concurrent('a limit lets one begin after the other', async () => {
  await using first = await openStage({ access, name: 'line-first' })
  await using second = await openStage({ access, name: 'line-second' })
  const both = [first, second]
  await Promise.all(both.map((stage) => stage.install({ version: '1.4.0', steps: STEPS })))
  const namespaces = both.map(({ namespace }) => namespace)
  await using _limit = await freeze(first, { namespaces, atOnce: { total: 1 }, reason: 'one at a time' })
  await first.push({ version: '1.5.0' })
  await first.until('the gate of the first waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await second.push({ version: '1.5.0' })
  await second.until('the second stands in line', ({ rollout }: Sight) =>
    rollout?.status?.message?.includes('it is the next in line'),
  )
  await first.say('approve')
  await second.until('the gate of the second waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  expect(outcomeOf(first.now(), '1.5.0')).toBe('Promoted')
})

/** In force until the end of its scope. */
async function freeze(stage: Stage, spec: Partial<FreezeSpec> & { reason: string }): Promise<AsyncDisposable> {
  const { kube, namespace } = stage
  const metadata = { name: namespace }
  const object = { apiVersion: API_VERSION, kind: FREEZES.kind, metadata, spec: { namespaces: [namespace], ...spec } }
  await kube.create(FREEZES, object)
  return {
    async [Symbol.asyncDispose]() {
      await kube.delete({ resource: FREEZES, ...metadata })
    },
  }
}

const annotate = ({ kube, namespace }: Stage, note: string | null): Promise<unknown> =>
  kube.mergePatch({ resource: NAMESPACES, name: namespace }, { metadata: { annotations: { [FREEZE]: note } } })

async function reasonsOf({ kube, namespace }: Stage): Promise<(string | undefined)[]> {
  const { items } = await kube.list<KubeObject & { reason?: string }>(EVENTS, { namespace })
  return items.map(({ reason }) => reason)
}
