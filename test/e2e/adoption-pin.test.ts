import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { ADOPTED_BY } from '../../crds/names.ts'
import { DEPLOYMENTS, ROLLOUTS, SERVICES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { Kube, KubeObject, Resource } from '../../kube/index.ts'
import { adopting, apexOf, declaredOf, deployment, ownPods, service, type Running } from '../stage/adopted.ts'
import { ROLLOUT, rolloutManifest, virtualService } from '../stage/shop.ts'
import { outcomeOf, phaseOf, releaseOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const STEPS = [{ setWeight: 50 }, { approve: { name: 'go' } }]
const PIN = fileURLToPath(new URL('../../deploy/components/pin', import.meta.url))
const EVERY_MS = 500

// One after the other: the policy is the cluster's.
test('without the pin whoever applies replicas is named, and a release does not go on beneath them', async () => {
  await using stage = await openStage({ access, name: 'unpinned', retries: 0 })
  await using git = await applying(stage, adopted(stage, { version: '1.4.0', replicas: 2 }))
  await stage.until('the Deployment is ready', (sight) => declaredOf(sight)?.status?.readyReplicas === 2)
  const installed = stage.install(adopting({ steps: STEPS }))
  const refusal = await stage.until(
    'it is refused',
    (sight) => stalled(sight)?.reason === 'InvalidSpec' && stalled(sight),
  )
  expect(refusal.message).toContain('field manager git applies replicas of Deployment checkout')
  expect(ownPods(stage.now())).toHaveLength(2)

  git.declare(adopted(stage, { version: '1.4.0', replicas: undefined }))
  await installed
  await stage.until('its own pods have left', (sight) => ownPods(sight).length === 0)
  git.declare(adopted(stage, { version: '1.5.0', replicas: undefined }))
  const release = await stage.until(
    'it is aborted',
    (sight) => outcomeOf(sight, '1.5.0') === 'Aborted' && releaseOf(sight, '1.5.0'),
  )
  expect(release.status?.message).toContain('git')
  await stage.until('the condition names who it was', ({ rollout }) =>
    rollout?.status?.conditions?.some(({ type, message }) => type === 'Ready' && message.includes('git')),
  )
})

test('with the pin a loop that applies everything by force changes no outcome', async () => {
  await using stage = await openStage({ access, name: 'pinned', retries: 0 })
  await using _pin = await pinned(stage)
  await using git = await applying(stage, adopted(stage, { version: '1.4.0', replicas: 2 }))
  await stage.until('the Deployment is ready', (sight) => declaredOf(sight)?.status?.readyReplicas === 2)
  const adoption = adopting({ steps: STEPS })
  const stable = await stage.install(adoption)
  const load = stage.load({ rps: 60 })
  await stage.until('its own pods have left', (sight) => ownPods(sight).length === 0)
  await git.again()
  expect(declaredOf(stage.now())?.spec.replicas).toBe(0)
  expect(apexOf(stage.now())).toEqual({ app: ROLLOUT, 'sluice.dev/revision': stable })

  const rollout = rolloutManifest(stage.namespace, adoption)
  git.declare([...adopted(stage, { version: '1.5.0', replicas: 2 }), [ROLLOUTS, rollout]])
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await git.again()
  git.declare([...adopted(stage, { version: '1.5.0', replicas: 2 }, '4s'), [ROLLOUTS, rollout]])
  await stage.until('a change of another route is taken', (sight) => timeoutOf(sight) === '4s')
  await git.again()
  expect(phaseOf(stage.now())).toBe('AwaitingApproval')
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  expect(ownPods(stage.now())).toEqual([])
  expect(timeoutOf(stage.now())).toBe('4s')
  expect(git.trouble()).toEqual([])
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

test('nor where the Rollout itself is the workload, and is applied with its routes', async () => {
  await using stage = await openStage({ access, name: 'pinned-template', retries: 0 })
  await using _pin = await pinned(stage)
  await stage.install({ version: '1.4.0', steps: STEPS })
  const load = stage.load({ rps: 60 })
  const manifests = (version: string): Manifest[] => [
    [VIRTUAL_SERVICES, routes(stage)],
    [ROLLOUTS, rolloutManifest(stage.namespace, { version, steps: STEPS })],
  ]
  await using git = await applying(stage, manifests('1.4.0'))
  await git.again()
  git.declare(manifests('1.5.0'))
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  await git.again()
  await stage.say('approve')
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await git.again()
  expect(stage.now().releases).toHaveLength(2)
  expect(git.trouble()).toEqual([])
  expect(await load.stop()).toMatchObject({ lost: 0, mesh: 0 })
})

const timeoutOf = ({ route }: Sight) => route?.spec.http.find(({ name }) => name === 'catalog')?.['timeout']

/** Everything that a team has in Git of a workload that is taken over, but for the Rollout. */
const adopted = (stage: Stage, running: Running, timeout = '3s'): Manifest[] => [
  [SERVICES, service(stage.namespace)],
  [DEPLOYMENTS, deployment(stage.namespace, running)],
  [VIRTUAL_SERVICES, routes(stage, timeout)],
]

function routes({ namespace }: Stage, timeout = '3s'): KubeObject {
  const route = virtualService({ namespace, host: `${namespace}.shop.local`, retries: 0 })
  const http = route.spec.http.map((one) => (one.name === 'catalog' ? { ...one, timeout } : one))
  return { ...route, spec: { ...route.spec, http } } as KubeObject
}

const stalled = ({ rollout }: Sight) => rollout?.status?.conditions?.find(({ type }) => type === 'Stalled')

type Manifest = [Resource, KubeObject]

type Git = AsyncDisposable & {
  declare: (manifests: Manifest[]) => void
  /** Resolves when everything was applied some more times. */
  again: () => Promise<void>
  /** What the API server refused. */
  trouble: () => string[]
}

/** Somebody who applies every manifest by force, again and again. */
async function applying({ kube }: Stage, first: Manifest[]): Promise<Git> {
  let declared = first
  let times = 0
  const trouble: string[] = []
  const ended = new AbortController()
  const all = async (): Promise<void> => {
    for (const [resource, object] of declared) await force(kube, resource, object)
    times += 1
  }
  await all()
  const loop = (async () => {
    while (!ended.signal.aborted) {
      await all().catch((error: unknown) => trouble.push(String(error)))
      await pause(EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined)
    }
  })()
  return {
    declare: (manifests) => (declared = manifests),
    again: async () => {
      const before = times
      await expect.poll(() => times).toBeGreaterThan(before + 2)
    },
    trouble: () => trouble,
    async [Symbol.asyncDispose]() {
      ended.abort()
      await loop
    },
  }
}

const force = (kube: Kube, resource: Resource, object: KubeObject): Promise<unknown> =>
  kube.apply(resource, { ...object }, { fieldManager: 'git', force: true })

/** deploy/components/pin, in force until the end of its scope. */
async function pinned({ kube, namespace, until }: Stage): Promise<AsyncDisposable> {
  await kubectl('apply', '-k', PIN)
  const probe = deployment(namespace, { version: '1.4.0', replicas: 0 })
  const metadata = { ...probe.metadata, name: 'probe', annotations: { [ADOPTED_BY]: 'nobody' } }
  const ref = { resource: DEPLOYMENTS, namespace, name: 'probe' }
  // Paused: it never has a pod.
  await kube.create(DEPLOYMENTS, { ...probe, metadata, spec: { ...probe.spec, paused: true } })
  // The API server compiles policies in its own time; only a write tells when.
  for (let asked = 1, kept = false; !kept; asked += 1) {
    type Sized = KubeObject & { spec?: { replicas?: number } }
    const written = await kube.mergePatch<Sized>(ref, { spec: { replicas: asked } })
    kept = written.spec?.replicas !== asked
  }
  await kube.delete(ref)
  await until('the probe is gone', ({ deployments }) => deployments.every(({ metadata: { name } }) => name !== 'probe'))
  return {
    async [Symbol.asyncDispose]() {
      await kubectl('delete', '-k', PIN)
    },
  }
}

async function kubectl(...args: string[]): Promise<void> {
  await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
}
