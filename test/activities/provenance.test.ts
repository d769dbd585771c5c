import { expect, it, onTestFinished } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { openRelease } from '../../activities/open.ts'
import { API_VERSION } from '../../crds/names.ts'
import { DEPLOYMENTS, RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import { rolloutSpec, type Rollout } from '../../crds/schema/rollout.ts'
import { createKube, type Resource } from '../../kube/index.ts'
import { createWorkload } from '../../workload/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'
import { validManifest } from '../fixtures/manifests.ts'

const ref = { namespace: 'shop', name: 'checkout' }
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const COMMIT = '3f2a9c1b7d5e8f0a1b2c3d4e5f60718293a4b5c6'
const of = (group: string, version: string, plural: string, kind: string): Resource => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
})
const KUSTOMIZATIONS = of('kustomize.toolkit.fluxcd.io', 'v1', 'kustomizations', 'Kustomization')
const APPLICATIONS = of('argoproj.io', 'v1alpha1', 'applications', 'Application')
const FLUX = { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' }

type Marks = { labels?: Record<string, string>; annotations?: Record<string, string> }

/** What a release says of its origin, of a Rollout (or of the Deployment that it names) with these labels and annotations. */
async function scene(marks: Marks, deployment?: Marks) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const { template, ...spec } = rolloutSpec.parse(validManifest().spec)
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: ref.name }
  const form = deployment ? { ...spec, workloadRef } : { ...spec, template }
  server.put(ROLLOUTS, { apiVersion: API_VERSION, kind: 'Rollout', metadata: { ...ref, ...marks }, spec: form })
  const labels = { app: ref.name }
  const pods = { selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } }
  if (deployment)
    server.put(DEPLOYMENTS, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...ref, ...deployment },
      spec: pods,
    })
  const workload = createWorkload({ kube, log: quiet })
  return {
    server,
    provenance: async () => {
      const rollout = server.store.read(placeOf(ROLLOUTS, ref.namespace), ref.name) as unknown as Rollout
      const { revision } = await workload.declared(rollout)
      await openRelease({ kube, workload } as Deps, { ref, number: 1, revision, from: revision })
      const { spec } = server.store.read(placeOf(RELEASES, ref.namespace), 'checkout-1')
      const { images: _, ...said } = (spec as { provenance: Record<string, unknown> }).provenance
      return said
    },
  }
}

const said = (commit: string) => ({
  'sluice.dev/commit': commit,
  'sluice.dev/author': 'Ada',
  'sluice.dev/message': 'Faster',
})

it('is what the annotations of the Rollout say, as far as a Release holds it', async () => {
  const { provenance } = await scene({ annotations: { ...said('1'), 'sluice.dev/message': 'x'.repeat(2_000) } })
  expect(await provenance()).toEqual({ commit: '1', author: 'Ada', message: 'x'.repeat(1_024) })
})

it('is what the Deployment says that the Rollout names, else what the Rollout says', async () => {
  const both = await scene({ annotations: said('1') }, { annotations: { 'sluice.dev/commit': '2' } })
  expect(await both.provenance()).toEqual({ commit: '2' })
  const one = await scene({ annotations: said('1') }, {})
  expect(await one.provenance()).toEqual({ commit: '1', author: 'Ada', message: 'Faster' })
})

it('is the commit that Flux is at, where Flux applies', async () => {
  const { server, provenance } = await scene({}, { labels: FLUX })
  server.put(KUSTOMIZATIONS, {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'apps', namespace: 'flux-system' },
    status: { lastAttemptedRevision: `main@sha1:${COMMIT}` },
  })
  expect(await provenance()).toEqual({ commit: COMMIT })
})

it.each([
  ['shop', 'argocd'],
  ['team-a_shop', 'team-a'],
])('is the commit that Argo CD syncs to, where Argo CD applies: %s', async (app, namespace) => {
  const { server, provenance } = await scene({
    annotations: { 'argocd.argoproj.io/tracking-id': `${app}:sluice.dev/Rollout:shop/checkout` },
  })
  server.put(APPLICATIONS, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace },
    status: { operationState: { operation: { sync: { revision: COMMIT } } } },
  })
  expect(await provenance()).toEqual({ commit: COMMIT })
})

it('is nothing where nobody says it, or who applies may not be asked, or names no commit', async () => {
  expect(await (await scene({})).provenance()).toEqual({})
  expect(await (await scene({ labels: FLUX })).provenance()).toEqual({})
  const { server, provenance } = await scene({ labels: FLUX })
  server.interfere(({ path }) =>
    path.includes('fluxcd') ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined,
  )
  expect(await provenance()).toEqual({})
  const chart = await scene({
    annotations: { 'argocd.argoproj.io/tracking-id': 'shop:sluice.dev/Rollout:shop/checkout' },
  })
  chart.server.put(APPLICATIONS, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'argocd' },
    status: { operationState: { operation: { sync: { revision: '1.2.3' } } } },
  })
  expect(await chart.provenance()).toEqual({})
})
