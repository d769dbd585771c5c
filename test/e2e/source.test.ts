import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { CONFIG_MAPS, VIRTUAL_SERVICES } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { rolloutManifest, virtualService } from '../stage/shop.ts'
import { openSourceStage, reasonOf } from '../stage/source.ts'

const access = inject('access')

type ConfigMap = KubeObject & { data: Record<string, string> }

const checkout = (namespace: string, version: string, replicas = 2): string =>
  stringify(rolloutManifest(namespace, { version, replicas, steps: [{ setWeight: 50 }, { pause: { for: '15s' } }] }))
const config = (name: string, value = '1'): string =>
  stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } })

test('a push is applied at once, and its release says who wrote what; nobody’s route is put back during a release', async () => {
  await using source = await openSourceStage({
    access,
    name: 'source-push',
    files: {
      'checkout.yaml': checkout('source-push', '1.4.0'),
      'routes.yaml': stringify(virtualService({ namespace: 'source-push', host: 'source-push.shop.local' })),
    },
  })
  const { stage, repository, applied, hook } = source
  await applied(repository.first)
  await stage.until('version 1.4.0 serves', ({ rollout }) => rollout?.status?.lastRelease?.outcome === 'Promoted')
  const commit = repository.push(
    { 'checkout.yaml': checkout(stage.namespace, '1.5.0') },
    'checkout 1.5.0: a faster basket',
  )
  expect(await hook('guessed')).toBe(401)
  expect(await hook()).toBe(202)
  const release = await stage.until('release 2 begins', ({ releases }) =>
    releases.find(({ spec }) => spec.number === 2),
  )
  expect(release.spec.provenance).toMatchObject({
    commit,
    author: 'Ada Developer <ada@shop.example>',
    message: 'checkout 1.5.0: a faster basket',
  })
  await stage.until('half of it is on the way', ({ rollout }) => rollout?.status?.weight === 50)
  // One look shows what differs, the next would put it back, and a commit applies everything.
  for (const value of ['1', '2', '3']) {
    await hook()
    const other = repository.push({ 'other.yaml': config('other', value) })
    await hook()
    expect((await applied(other)).drift).toBeUndefined()
  }
  expect(stage.now().rollout?.status).toMatchObject({ release: 2, weight: 50 })
  const ended = await stage.until('release 2 ends', ({ releases }) =>
    releases.find(({ spec, status }) => spec.number === 2 && status?.outcome),
  )
  expect(ended.status?.outcome).toBe('Promoted')
  expect(stage.now().rollout?.metadata.annotations?.['sluice.dev/commit']).toBe(commit)
})

test('the real API server names the wrong field and we its line; nothing of that commit is applied', async () => {
  await using source = await openSourceStage({
    access,
    name: 'source-wrong',
    files: {
      'a/checkout.yaml': checkout('source-wrong', '1.4.0'),
      'a/routes.yaml': stringify(virtualService({ namespace: 'source-wrong', host: 'source-wrong.shop.local' })),
      'a/settings.yaml': config('settings'),
    },
  })
  const { stage, repository, applied, until, hook } = source
  await applied(repository.first)
  const good = checkout(stage.namespace, '1.4.0')
  const wrong = repository.push({
    'a/checkout.yaml': good.replace('replicas: 2', 'replicas: -2').replace('setWeight: 50', 'setWeight: 500'),
    'a/settings.yaml': config('settings', '2'),
  })
  await hook()
  const refused = await until('refused', (status) => status.attempted === wrong && reasonOf(status) === 'Refused')
  const lines = good.split('\n')
  const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1
  expect(refused).toMatchObject({ commit: repository.first })
  const at = refused.errors?.map(({ file, line }) => `${file}:${line}`)
  expect(at).toContain(`a/checkout.yaml:${lineOf('replicas: 2')}`)
  expect(at).toContain(`a/checkout.yaml:${lineOf('setWeight: 50')}`)
  const misspelt = repository.push({ 'a/checkout.yaml': good.replace('settle:', 'setle:') })
  await hook()
  const unknown = await until('refused', (status) => status.attempted === misspelt)
  expect(unknown.errors).toMatchObject([{ file: 'a/checkout.yaml', line: lineOf('settle:') }])
  expect(unknown.errors?.[0]?.message).toContain('setle: field not declared in schema')
  const settings = await stage.kube.get<ConfigMap>({
    resource: CONFIG_MAPS,
    namespace: stage.namespace,
    name: 'settings',
  })
  expect(settings?.data).toEqual({ value: '1' })
  const denied = repository.push({
    'a/checkout.yaml': good,
    'a/more.yaml': stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'more' } }),
  })
  await hook()
  const { errors } = await until('refused', (status) => status.attempted === denied)
  expect(errors?.[0]).toMatchObject({ file: 'a/more.yaml', line: 1 })
  expect(errors?.[0]?.message).toMatch(/system:serviceaccount:source-wrong:sluice-source.*cannot/)
})

test('drift is shown, then put back; what is no longer declared is deleted, and a stranger’s object is not', async () => {
  await using source = await openSourceStage({
    access,
    name: 'source-drift',
    files: {
      'one.yaml': config('one'),
      'two.yaml': config('two'),
      'routes.yaml': stringify(virtualService({ namespace: 'source-drift', host: 'source-drift.shop.local' })),
    },
  })
  const { stage, repository, kubectl, applied, until, hook } = source
  const { kube, namespace } = stage
  await applied(repository.first)
  const one = { resource: CONFIG_MAPS, namespace, name: 'one' }
  await kube.mergePatch(one, { data: { value: 'theirs', more: 'theirs' } })
  await kube.mergePatch(
    { resource: VIRTUAL_SERVICES, namespace, name: 'shop' },
    { metadata: { labels: { theirs: 'yes' } } },
  )
  await hook()
  const { drift } = await until('drifted', (status) => status.drift !== undefined)
  expect(drift).toMatchObject([{ object: `ConfigMap ${namespace}/one`, fields: ['data.value'] }])
  await hook()
  await until('put back', (status) => status.drift === undefined)
  expect((await kube.get<ConfigMap>(one))?.data).toEqual({ value: '1', more: 'theirs' })

  await kube.create(CONFIG_MAPS, {
    ...(parse(config('stranger')) as KubeObject),
    metadata: { name: 'stranger', namespace },
  })
  const commit = repository.push({ 'one.yaml': null }, 'Without one')
  await hook()
  const { inventory } = await applied(commit)
  expect(inventory?.map(({ name }) => name)).toEqual(['shop', 'two'])
  const { items } = await kube.list(CONFIG_MAPS, { namespace })
  expect(items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt')).toEqual([
    'stranger',
    'two',
  ])
  const note = kubectl('get', 'events', '-o', 'jsonpath={.items[?(@.reason=="CommitApplied")].message}')
  expect(note).toContain(`Without one: deleted ConfigMap ${namespace}/one`)
})

test('a folder with a kustomization is built by the real kustomize', async () => {
  await using source = await openSourceStage({
    access,
    name: 'source-kustomize',
    files: {
      'live/kustomization.yaml': 'resources: [../base]\nnamePrefix: live-\n',
      'base/kustomization.yaml': 'resources: [one.yaml]\nconfigMapGenerator: [{ name: made, literals: [a=b] }]\n',
      'base/one.yaml': config('one'),
    },
    spec: { path: 'live' },
  })
  const { stage, repository, applied } = source
  const { inventory } = await applied(repository.first)
  expect(inventory?.map(({ name }) => name.replace(/-\w{10}$/, ''))).toEqual(['live-made', 'live-one'])
  const { items } = await stage.kube.list<ConfigMap>(CONFIG_MAPS, { namespace: stage.namespace })
  expect(items.map(({ data }) => data)).toEqual(expect.arrayContaining([{ a: 'b' }, { value: '1' }]))
})

test('no kustomization gets at what listens on the engine’s own loopback, however it is written', async () => {
  const asked: (string | undefined)[] = []
  const server = createServer(({ url }, response) => {
    asked.push(url)
    response.end(config('stolen'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using source = await openSourceStage({
    access,
    name: 'source-loopback',
    files: {
      // The first is a comment to us; others take what follows the line separator for a field.
      'kustomization.yaml': `resources: [one.yaml] # \u2028configurations: ['${address}/comment']\n`,
      'one.yaml': config('one'),
    },
  })
  const { repository, applied, until, hook } = source
  expect((await applied(repository.first)).inventory?.map(({ name }) => name)).toEqual(['one'])
  const generator = `kind: ConfigMapGenerator\napiVersion: builtin\nmetadata: { name: x }\nfiles: ['x=${address}/plugin']\n`
  for (const text of [
    `configMapGenerator: [{ name: x, files: ['x=${address}/file'] }]\n`,
    `Resources: ['${address}/case']\n`,
    `<<: { resources: ['${address}/merge'] }\n`,
    'generators: [generator.yaml]\n',
  ]) {
    const commit = repository.push({ 'kustomization.yaml': text, 'generator.yaml': generator })
    await hook()
    const { errors } = await until(
      `refused ${commit}`,
      (status) => status.attempted === commit && reasonOf(status) === 'BuildFailed',
    )
    expect(errors).toMatchObject([{ file: 'kustomization.yaml', line: 1 }])
  }
  expect(asked).toEqual([])
})
