import { expect, it } from 'vitest'
import { CONFIG_MAPS, ROLLOUTS, SOURCES } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { configMap, NAMESPACE, openStage, rollout, sourceOf } from './stage.ts'

it.each([
  ['b.yaml', 'a: [1,\n  b', 'b.yaml:2: '],
  [
    'b.yaml',
    `${configMap('two')}---\nkind: ConfigMap\n`,
    'b.yaml:8: this is no Kubernetes object: apiVersion or kind is missing',
  ],
  ['b.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n', 'b.yaml:1: this ConfigMap has no metadata.name'],
  ['b.yaml', 'apiVersion: v1\nkind: Toy\nmetadata: { name: a }\n', 'b.yaml:2: the cluster knows no Toy of v1'],
  ['b.yaml', configMap('one'), 'b.yaml:1: ConfigMap shop/one is declared twice; also in a.yaml:1'],
  [
    'sub/kustomization.yaml',
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
    'sub/kustomization.yaml:1: this is for kustomize: set spec.path of the Source to its folder',
  ],
])('names file and line of what cannot be read, and applies nothing: %s %j', async (file, text, words) => {
  const { until, repository, written, source, message } = await openStage({ files: { 'a.yaml': configMap('one') } })
  await until('Applied')
  const bad = repository.push({ 'a.yaml': configMap('one', '2'), [file]: text }, 'A mistake')
  const { status } = await until('BuildFailed', bad)
  expect(message()).toContain(`${bad.slice(0, 10)} by Ada Developer <ada@shop.example> is not applied: ${words}`)
  expect(status).toMatchObject({ commit: repository.first, attempted: bad, message: 'The first' })
  expect(source().status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'Stalled'])
  expect(written()).toEqual(['configmaps/one'])
})

it('names the line of every field that the server refuses, applies nothing, and recovers with the next commit', async () => {
  const bad =
    'failed to create typed patch object (shop/b; v1, Kind=Rollout): errors:\n  .spec.template.spec.containers[name="app"].imagee: field not declared in schema\n  .spec.replicaz: field not declared in schema'
  const { until, repository, written, events } = await openStage({
    files: {
      'a.yaml': configMap('one'),
      'b.yaml': rollout('b').replace('image:', 'imagee:').replace('replicas:', 'replicaz:'),
    },
    prepare: (server) =>
      server.interfere(({ method, path }) =>
        method === 'PATCH' && path.endsWith('/rollouts/b') && !isGood
          ? { code: 500, reason: '', message: bad }
          : undefined,
      ),
  })
  let isGood = false
  const { status } = await until('Refused')
  expect(status?.errors).toEqual([
    {
      file: 'b.yaml',
      line: 11,
      message: 'Rollout shop/b: spec.template.spec.containers[name="app"].imagee: field not declared in schema',
    },
    { file: 'b.yaml', line: 6, message: 'Rollout shop/b: spec.replicaz: field not declared in schema' },
  ])
  expect(status?.commit).toBeUndefined()
  expect(written()).toEqual([])
  await expect.poll(() => events().map(({ reason }) => reason)).toEqual(['Refused'])
  isGood = true
  const commit = repository.push({ 'b.yaml': rollout('b') })
  expect((await until('Applied', commit)).status).not.toHaveProperty('errors')
  expect(written()).toEqual(['configmaps/one', 'rollouts/b'])
})

it('names the object where its rights do not reach', async () => {
  const { until, written, message } = await openStage({
    files: { 'a.yaml': configMap('one'), 'b.yaml': rollout('b') },
    prepare: (server) =>
      server.interfere(({ path }) =>
        path.endsWith('/rollouts/b')
          ? { code: 403, reason: 'Forbidden', message: 'rollouts "b" is forbidden' }
          : undefined,
      ),
  })
  await until('Refused')
  expect(message()).toContain('b.yaml:1: Rollout shop/b: rollouts "b" is forbidden')
  expect(written()).toEqual([])
})

it('does not take over what another Source applies, until that one lets it go', async () => {
  const { server, until, repository, message } = await openStage({
    files: { 'ours/a.yaml': configMap('one'), 'theirs/b.yaml': configMap('two') },
    spec: { path: 'ours' },
  })
  await until('Applied')
  server.put(SOURCES, sourceOf('other', { url: repository.url, path: 'theirs' }))
  await until('Applied', undefined, 'other')
  const commit = repository.push({ 'ours/b.yaml': configMap('two', 'ours') })
  await until('Refused', commit)
  expect(message()).toContain('ours/b.yaml:1: ConfigMap shop/two is what Source shop/other applies')
  await until('Applied', repository.push({ 'theirs/b.yaml': null, 'theirs/c.yaml': configMap('three') }))
  expect(server.store.read(placeOf(CONFIG_MAPS, NAMESPACE), 'two')).toMatchObject({ data: { value: 'ours' } })
})

it('goes on where a write failed half way', async () => {
  let fails = true
  const { until, names, source } = await openStage({
    files: { 'a.yaml': configMap('one'), 'b.yaml': rollout('b') },
    prepare: (server) =>
      server.interfere(({ method, path, query }) =>
        fails && method === 'PATCH' && path.endsWith('/rollouts/b') && !query.has('dryRun')
          ? { code: 422, reason: 'Invalid', message: 'no more' }
          : undefined,
      ),
  })
  await until('ApplyFailed')
  expect(names(CONFIG_MAPS)).toEqual(['one'])
  expect(source().status?.inventory?.map(({ name }) => name)).toEqual(['one', 'b'].toSorted().toReversed())
  fails = false
  await until('Applied')
  expect(names(ROLLOUTS)).toEqual(['b'])
})
