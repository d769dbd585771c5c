import { expect, it } from 'vitest'
import { CONFIG_MAPS, NAMESPACES, ROLLOUTS } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { configMap, NAMESPACE, openStage, rollout } from './stage.ts'

const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`

it('applies a branch in an order in which everything finds what it needs, and says what it did', async () => {
  const { until, written, repository, events } = await openStage({
    files: {
      'a.yaml': rollout('checkout'),
      'b/c.yml': `${configMap('one')}---\n${configMap('two')}`,
      'd.json': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } }),
      'README.md': '# no manifest',
      '.github/workflow.yaml': 'on: push\n',
    },
  })
  const { status } = await until('Applied')
  expect(written()).toEqual(['namespaces/other', 'configmaps/one', 'configmaps/two', 'rollouts/checkout'])
  expect(status).toMatchObject({
    commit: repository.first,
    attempted: repository.first,
    author: 'Ada Developer <ada@shop.example>',
    message: 'The first',
  })
  expect(status?.inventory?.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'Rollout checkout',
    'ConfigMap one',
    'ConfigMap two',
    'Namespace other',
  ])
  await expect.poll(events).toEqual([
    {
      reason: 'CommitApplied',
      note: `${repository.first.slice(0, 10)} by Ada Developer <ada@shop.example>: The first: created Namespace other, ConfigMap shop/one, ConfigMap shop/two, Rollout shop/checkout`,
    },
  ])
})

it('applies with the rights of the ServiceAccount that is named, and writes nothing but the status with its own', async () => {
  const { until, server } = await openStage({
    files: { 'a.yaml': configMap('one') },
    spec: { serviceAccountName: 'git' },
  })
  await until('Applied')
  const as = (path: RegExp) =>
    new Set(server.requests.filter((one) => path.test(one.path)).map((one) => one.headers.authorization))
  expect(as(/configmaps/)).toEqual(new Set(['Bearer token-of-shop-git']))
  expect(as(/sources|serviceaccounts/)).toEqual(new Set(['Bearer engine-token']))
})

it('writes of a new commit only what differs, and one Event', async () => {
  const { until, written, repository, events } = await openStage({
    files: { 'a.yaml': configMap('one'), 'b.yaml': configMap('two') },
  })
  await until('Applied')
  const commit = repository.push({ 'b.yaml': configMap('two', '2') }, 'Two is two')
  await until('Applied', commit)
  expect(written()).toEqual(['configmaps/one', 'configmaps/two', 'configmaps/two'])
  await expect.poll(() => events().map(({ reason }) => reason)).toEqual(['CommitApplied', 'CommitApplied'])
})

it('puts objects that name no namespace where the Source is, or where it says', async () => {
  const stage = await openStage({
    files: { 'a.yaml': configMap('one'), 'b.yaml': configMap('two', '1', '  namespace: elsewhere\n') },
    spec: { targetNamespace: 'target' },
  })
  await stage.until('Applied')
  const { items } = { items: stage.server.store.list(placeOf(CONFIG_MAPS)) }
  expect(items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(['target/one', 'elsewhere/two'])
})

it('tells a Rollout the commit that changed what it runs, and keeps it when something else is changed', async () => {
  const { until, server, repository } = await openStage({
    files: {
      'checkout.yaml': rollout('checkout', 'checkout:1', 'settings'),
      'settings.yaml': configMap('settings'),
      'other.yaml': configMap('other'),
    },
  })
  const said = () => {
    const { annotations = {} } = server.store.read(placeOf(ROLLOUTS, NAMESPACE), 'checkout').metadata
    return { commit: annotations['sluice.dev/commit'], message: annotations['sluice.dev/message'] }
  }
  await until('Applied')
  expect(said()).toEqual({ commit: repository.first, message: 'The first' })
  await until('Applied', repository.push({ 'other.yaml': configMap('other', '2') }, 'Something else'))
  expect(said().commit).toBe(repository.first)
  const second = repository.push({ 'checkout.yaml': rollout('checkout', 'checkout:2', 'settings') }, 'Faster')
  await until('Applied', second)
  expect(said()).toEqual({ commit: second, message: 'Faster' })
  const third = repository.push({ 'settings.yaml': configMap('settings', '2') }, 'Another setting')
  await until('Applied', third)
  expect(said()).toEqual({ commit: third, message: 'Another setting' })
})

it('tells a Deployment that a Rollout takes over the same', async () => {
  const deployment = (image: string) =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: checkout }\nspec:\n  template: { spec: { containers: [{ name: app, image: "${image}" }] } }\n`
  const { until, server, repository } = await openStage({
    files: {
      'deployment.yaml': deployment('checkout:1'),
      'rollout.yaml':
        'apiVersion: sluice.dev/v1alpha1\nkind: Rollout\nmetadata: { name: checkout }\nspec:\n  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: checkout }\n',
    },
  })
  await until('Applied')
  const second = repository.push({ 'deployment.yaml': deployment('checkout:2') }, 'Faster')
  await until('Applied', second)
  const { annotations } = server.store.read(
    { collection: 'apps/v1/deployments', namespace: NAMESPACE },
    'checkout',
  ).metadata
  expect(annotations?.['sluice.dev/commit']).toBe(second)
  expect(server.store.read(placeOf(ROLLOUTS, NAMESPACE), 'checkout').metadata.annotations?.['sluice.dev/commit']).toBe(
    second,
  )
})

it('asks again now and then where Sources may not be listed, and begins as soon as they may', async () => {
  let allowed = false
  const { until, server, lines } = await openStage({
    files: { 'a.yaml': configMap('one') },
    prepare: (server) =>
      server.interfere(({ path }) =>
        allowed || !path.endsWith('/sources')
          ? undefined
          : { code: 403, reason: 'Forbidden', message: 'sources is forbidden' },
      ),
  })
  await expect.poll(() => server.requests.length).toBeGreaterThan(2)
  expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/apis/sluice.dev/v1alpha1/sources']))
  expect(lines.map(({ message }) => message)).toEqual(['Sources are not enabled'])
  allowed = true
  await until('Applied')
})

it('says which component is missing where it may not act as the ServiceAccount', async () => {
  const { until, message } = await openStage({
    files: { 'a.yaml': configMap('one') },
    prepare: (server) =>
      server.interfere(({ path }) =>
        path.endsWith('/token')
          ? { code: 403, reason: 'Forbidden', message: 'serviceaccounts/token is forbidden' }
          : undefined,
      ),
  })
  await until('AccessDenied')
  expect(message()).toBe(
    'serviceaccounts/token is forbidden; install the component that lets the engine act as ServiceAccount sluice-source: kubectl apply -n shop -k deploy/components/source',
  )
})

it('does nothing while it is suspended, and everything afterwards', async () => {
  const { until, server, written, source } = await openStage({
    files: { 'a.yaml': configMap('one') },
    spec: { suspend: true },
  })
  await until('Suspended')
  expect(written()).toEqual([])
  server.store.merge(
    placeOf(
      { group: 'sluice.dev', version: 'v1alpha1', plural: 'sources', kind: 'Source', namespaced: true },
      NAMESPACE,
    ),
    'git',
    { spec: { suspend: false } },
  )
  await until('Applied')
  expect(source().status?.observedGeneration).toBe(2)
})

it('brings the namespaces that its objects live in', async () => {
  const { until, server, names } = await openStage({
    files: { 'a.yaml': configMap('one', '1', '  namespace: new\n'), 'b.yaml': namespace('new') },
    prepare: (server) =>
      server.interfere(({ path, method }) =>
        method === 'PATCH' &&
        path.includes('/namespaces/new/') &&
        !server.store.list(placeOf(NAMESPACES)).some(({ metadata }) => metadata.name === 'new')
          ? { code: 404, reason: 'NotFound', message: 'namespaces "new" not found' }
          : undefined,
      ),
  })
  await until('Applied')
  expect(names(CONFIG_MAPS)).toEqual(['one'])
  expect(server.store.list(placeOf(CONFIG_MAPS, 'new'))).toHaveLength(1)
})

it('reads YAML as the tools of Kubernetes do: lists, anchors, merges, and modes of files in octal', async () => {
  const { until, server, names } = await openStage({
    files: {
      'a.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' } })}\n  - { apiVersion: v1, kind: ConfigMap, metadata: { name: two } }\n`,
      'b.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d }\nspec:\n  base: &base { mode: 0644, on: yes, size: 010m }\n  more: { <<: *base, other: 0o17 }\n',
    },
  })
  await until('Applied')
  expect(names(CONFIG_MAPS)).toEqual(['one', 'two'])
  const base = { mode: 420, on: 'yes', size: '010m' }
  expect(server.store.read({ collection: 'apps/v1/deployments', namespace: NAMESPACE }, 'd').spec).toEqual({
    base,
    more: { ...base, other: 15 },
  })
})
