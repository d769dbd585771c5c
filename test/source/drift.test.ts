import { expect, it } from 'vitest'
import { ADOPTED_BY, LABEL, routeAnnotation } from '../../crds/names.ts'
import { CONFIG_MAPS, DEPLOYMENTS, SERVICES, SOURCES, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import { placeOf } from '../fakes/api-server.ts'
import { configMap, NAMESPACE, openStage } from './stage.ts'

const place = placeOf(CONFIG_MAPS, NAMESPACE)

it('shows what somebody else changed, puts it back at the next interval, and says so', async () => {
  const { until, server, source, events } = await openStage({
    files: { 'a.yaml': configMap('one'), 'b.yaml': configMap('two') },
  })
  await until('Applied')
  const seen = new Map<string, string[]>()
  server.store.onChange(({ object }) => {
    const { drift = [] } = (object.status ?? {}) as { drift?: { object: string; fields: string[] }[] }
    for (const one of drift) seen.set(one.object, one.fields)
  })
  server.store.merge(place, 'one', { data: { value: 'theirs' } })
  server.store.remove(place, 'two')
  await eventually(() => {
    expect(server.store.read(place, 'one')).toMatchObject({ data: { value: '1' } })
    expect(server.store.read(place, 'two')).toMatchObject({ data: { value: '1' } })
    expect(source().status?.drift).toBeUndefined()
  })
  expect([...seen]).toEqual([
    ['ConfigMap shop/one', ['data.value']],
    ['ConfigMap shop/two', []],
  ])
  await expect
    .poll(() => events().find(({ reason }) => reason === 'DriftPutBack')?.note)
    .toMatch(/^ConfigMap shop\/\w+(, ConfigMap shop\/\w+)? put back to /)
})

it('leaves alone what others add', async () => {
  const { until, server, written, source } = await openStage({ files: { 'a.yaml': configMap('one') } })
  await until('Applied')
  server.store.merge(place, 'one', { data: { more: 'theirs' }, metadata: { labels: { a: 'b' } } })
  const looks = () => server.requests.filter(({ query }) => query.has('dryRun')).length
  const before = looks()
  await expect.poll(looks).toBeGreaterThan(before + 2)
  expect(source().status?.drift).toBeUndefined()
  expect(written()).toEqual(['configmaps/one'])
})

it('does not put back what the engine itself holds: routes of a release, replicas and selectors of what it took over', async () => {
  const { until, server, source, repository } = await openStage({
    files: {
      'a.yaml':
        'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: shop }\nspec:\n  hosts: [a]\n  http: [{ name: primary }]\n',
      'b.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: checkout }\nspec: { replicas: 3 }\n',
      'c.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: checkout }\nspec: { selector: { app: checkout } }\n',
    },
  })
  await until('Applied')
  const note = routeAnnotation(NAMESPACE, 'checkout')
  const weights = { http: [{ name: 'primary', weight: 5 }] }
  const adopted = { annotations: { [ADOPTED_BY]: 'checkout' } }
  server.store.merge(placeOf(SERVICES, NAMESPACE), 'checkout', {
    metadata: adopted,
    spec: { selector: { [LABEL.revision]: 'abc' } },
  })
  server.store.merge(placeOf(VIRTUAL_SERVICES, NAMESPACE), 'shop', {
    metadata: { annotations: { [note]: '{"fence":"1","rest":{}}' } },
    spec: weights,
  })
  const commit = repository.push({
    'a.yaml':
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: shop }\nspec:\n  hosts: [a, b]\n  http: [{ name: primary }]\n',
  })
  server.store.merge(placeOf(DEPLOYMENTS, NAMESPACE), 'checkout', { metadata: adopted, spec: { replicas: 0 } })
  await until('Applied', commit)
  expect(server.store.read(placeOf(VIRTUAL_SERVICES, NAMESPACE), 'shop').spec).toEqual({
    hosts: ['a', 'b'],
    ...weights,
  })
  expect(server.store.read(placeOf(SERVICES, NAMESPACE), 'checkout').spec).toEqual({
    selector: { app: 'checkout', [LABEL.revision]: 'abc' },
  })
  server.store.merge(placeOf(VIRTUAL_SERVICES, NAMESPACE), 'shop', {
    metadata: { annotations: { [note]: '{"fence":"2"}' } },
  })
  await eventually(() =>
    expect(server.store.read(placeOf(VIRTUAL_SERVICES, NAMESPACE), 'shop').spec).toEqual({
      hosts: ['a', 'b'],
      http: [{ name: 'primary' }],
    }),
  )
  expect(source().status?.conditions?.[0]?.reason).toBe('Applied')
})

it('deletes what it applied and the branch no longer declares, and nothing that others have a part in', async () => {
  const files = Object.fromEntries(
    ['gone', 'kept', 'owned', 'shared', 'taken'].map((name) => [
      `${name}.yaml`,
      configMap(name, '1', name === 'kept' ? '  annotations: { sluice.dev/prune: disabled }\n' : ''),
    ]),
  )
  const { until, server, names, repository, message, source } = await openStage({
    files: {
      ...files,
      'stays.yaml': configMap('stays'),
      'n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: other }\n',
    },
  })
  await until('Applied')
  server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'foreign', namespace: NAMESPACE } })
  server.store.merge(place, 'owned', {
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Toy', name: 't', uid: '1' }] },
  })
  server.store.merge(place, 'shared', { metadata: { managedFields: [{ manager: 'flux', operation: 'Apply' }] } })
  server.store.merge(place, 'taken', { metadata: { annotations: { 'sluice.dev/applied-by': 'x/y' } } })
  const removed = Object.fromEntries([...Object.keys(files), 'n.yaml'].map((file) => [file, null]))
  const told: string[] = []
  server.store.onChange(({ place: { collection } }) => {
    if (collection === placeOf(SOURCES).collection) told.push(message() ?? '')
  })
  const commit = repository.push(removed, 'Much less')
  await until('Applied', commit)
  expect(names(CONFIG_MAPS).toSorted()).toEqual(['foreign', 'kept', 'owned', 'shared', 'stays', 'taken'])
  expect(source().status?.inventory?.map(({ name }) => name)).toEqual(['stays'])
  expect(told.find((words) => words.includes(commit.slice(0, 10)))).toContain(
    'no longer declared, but still there: ConfigMap shop/taken (somebody else applies it), ConfigMap shop/shared (flux applies it, too), ConfigMap shop/owned (Toy t owns it), Namespace other (it would take all that is in it along), ConfigMap shop/kept (sluice.dev/prune: disabled)',
  )
})

it('never deletes because nothing came out, unless that is said to be meant', async () => {
  const { until, server, names, repository, message } = await openStage({
    files: { 'shop/a.yaml': configMap('one'), 'README.md': '' },
    spec: { path: 'shop' },
  })
  await until('Applied')
  const commit = repository.push({ 'shop/a.yaml': null })
  await until('BuildFailed', commit)
  expect(message()).toContain('the branch has no folder shop with files')
  await until('BuildFailed', repository.push({ 'shop/a.yaml': '# nothing\n' }))
  expect(message()).toContain('shop declares nothing; if that is meant, set allowEmpty in the Source')
  expect(names(CONFIG_MAPS)).toEqual(['one'])
  server.store.merge(placeOf(SOURCES, NAMESPACE), 'git', { spec: { allowEmpty: true } })
  await until('Applied')
  expect(names(CONFIG_MAPS)).toEqual([])
})

it('deletes nothing where it is told not to', async () => {
  const { until, names, repository } = await openStage({
    files: { 'a.yaml': configMap('one'), 'b.yaml': configMap('two') },
    spec: { prune: false },
  })
  await until('Applied')
  await until('Applied', repository.push({ 'a.yaml': null }))
  expect(names(CONFIG_MAPS)).toEqual(['one', 'two'])
})
