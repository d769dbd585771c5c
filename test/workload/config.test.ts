import { describe, expect, it } from 'vitest'
import { CONFIG_MAPS, DEPLOYMENTS, SECRETS } from '../../crds/resources.ts'
import type { PodTemplate, Rollout } from '../../crds/schema/rollout.ts'
import type { KubeObject } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { NEXT, REVISION, rollout, stage, template } from './stage.ts'

type Loose = Record<string, unknown>
type Data = { data?: Record<string, string>; binaryData?: Record<string, string>; type?: string } & Loose

/** Reads the ConfigMaps `env`, `all`, `files`, `many`, `first`, `beside` and the Secrets `s-env` … in every way there is. */
const everything: PodTemplate = {
  spec: {
    containers: [
      {
        name: 'app',
        image: 'x',
        env: [
          { name: 'PLAIN', value: 'x' },
          { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'env', key: 'a' } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 's-env', key: 'b' } } },
        ],
        envFrom: [{ prefix: 'X_', configMapRef: { name: 'all' } }, { secretRef: { name: 's-all' } }],
      },
    ],
    initContainers: [
      { name: 'first', image: 'x', envFrom: [{ configMapRef: { name: 'first' } }] },
      { name: 'sidecar', image: 'x', restartPolicy: 'Always', envFrom: [{ configMapRef: { name: 'beside' } }] },
    ],
    volumes: [
      { name: 'files', configMap: { name: 'files', items: [{ key: 'a', path: 'a' }] } },
      { name: 's-files', secret: { secretName: 's-files', defaultMode: 256 } },
      { name: 'empty', emptyDir: {} },
      {
        name: 'many',
        projected: {
          defaultMode: 420,
          sources: [
            { configMap: { name: 'many' } },
            { secret: { name: 's-many' } },
            { configMap: { name: 'kube-root-ca.crt' } },
            { serviceAccountToken: { path: 'token' } },
          ],
        },
      },
    ],
    imagePullSecrets: [{ name: 'registry' }],
  },
}
const MAPS = ['env', 'all', 'first', 'beside', 'files', 'many']
const KEPT_SECRETS = ['s-env', 's-all', 's-files', 's-many']

const reading = (names: string[], more: Loose = {}): PodTemplate => ({
  spec: {
    ...template().spec,
    volumes: names.map((name) => ({ name, configMap: { name, ...more } })),
  },
})

async function scene() {
  const { server, workload, deployment } = await stage()
  const put = (resource: typeof SECRETS, name: string, { metadata, ...data }: Data & { metadata?: Loose }): void => {
    const object = { apiVersion: 'v1', kind: resource.kind, metadata: { name, namespace: 'shop', ...metadata } }
    server.put(resource, { ...object, ...data })
  }
  const all = (resource: typeof SECRETS) => server.store.list(placeOf(resource, 'shop')) as (KubeObject & Data)[]
  const declared = (spec: Partial<Rollout['spec']>) => workload.declared(rollout(spec))
  return {
    server,
    workload,
    declared,
    deployment,
    configMap: (name: string, data: Data & { metadata?: Loose }) => put(CONFIG_MAPS, name, data),
    secret: (name: string, data: Data & { metadata?: Loose }) => put(SECRETS, name, data),
    read: (resource: typeof SECRETS, name: string) => all(resource).find(({ metadata }) => metadata.name === name),
    names: (resource: typeof SECRETS) => all(resource).map(({ metadata }) => metadata.name),
    remove: (name: string) => server.store.remove(placeOf(CONFIG_MAPS, 'shop'), name),
    /** The revision that is declared by now has its Deployment. */
    release: async (spec: Partial<Rollout['spec']>, revision = REVISION) => {
      await workload.ensureRevision(rollout(spec), revision, await declared(spec), 1)
    },
  }
}

const allTracked = KEPT_SECRETS.map((secret) => ({ secret, track: 'version' as const }))

describe('what is declared', () => {
  it('has the digest of every ConfigMap that the pods read, wherever they name it', async () => {
    const { declared, configMap } = await scene()
    for (const name of MAPS) configMap(name, { data: { a: name } })
    const { configs } = await declared({ template: everything })
    expect(Object.keys(configs).sort()).toEqual(MAPS.map((name) => `ConfigMap/${name}`).sort())
    for (const digest of Object.values(configs)) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })

  it('has Secrets only where they are named', async () => {
    const { declared, configMap, secret } = await scene()
    for (const name of MAPS) configMap(name, { data: { a: name } })
    for (const name of KEPT_SECRETS) secret(name, { type: 'Opaque', data: { b: 'YQ==' } })
    const { configs } = await declared({ template: everything, config: allTracked })
    expect(Object.keys(configs).filter((key) => key.startsWith('Secret/'))).toEqual(
      KEPT_SECRETS.map((name) => `Secret/${name}`),
    )
  })

  it('is the same without any config as it always was', async () => {
    const { declared } = await scene()
    expect(await declared({})).toMatchObject({ configs: {}, revision: '5e907b498f' })
  })

  it('is another revision when text or bytes change, and the same when only key order or labels do', async () => {
    const { declared, configMap } = await scene()
    const spec = { template: reading(['settings']) }
    configMap('settings', { data: { a: '1', b: '2' }, binaryData: { c: 'AA==' } })
    const first = await declared(spec)
    configMap('settings', { data: { b: '2', a: '1' }, metadata: { labels: { team: 'x' } } })
    expect((await declared(spec)).revision).toBe(first.revision)
    configMap('settings', { binaryData: { c: 'AQ==' } })
    const second = await declared(spec)
    expect(second.revision).not.toBe(first.revision)
    configMap('settings', { data: { a: '3' } })
    expect([first.revision, second.revision]).not.toContain((await declared(spec)).revision)
  })

  it('does not depend on what is not followed', async () => {
    const { declared, configMap } = await scene()
    const spec = {
      template: reading(['settings']),
      config: [{ configMap: 'settings', track: 'none' as const }],
    }
    configMap('settings', { data: { a: '1' } })
    expect((await declared(spec)).configs).toEqual({})
  })

  it('depends on what only starts a release', async () => {
    const { declared, configMap } = await scene()
    const spec = { template: reading(['settings']), config: [{ configMap: 'settings', track: 'trigger' as const }] }
    configMap('settings', { data: { a: '1' } })
    const first = await declared(spec)
    configMap('settings', { data: { a: '2' } })
    expect((await declared(spec)).revision).not.toBe(first.revision)
  })

  it('knows nothing of an optional ConfigMap that is not there', async () => {
    const { declared } = await scene()
    expect((await declared({ template: reading(['settings'], { optional: true }) })).configs).toEqual({})
  })
})

describe('nothing is declared', () => {
  it('while a ConfigMap is missing that the pods need', async () => {
    const { declared } = await scene()
    await expect(declared({ template: reading(['settings']) })).rejects.toThrow(
      'the pods need ConfigMap settings, and there is none in namespace shop; create it, or mark the reference as optional',
    )
  })

  it('while an entry of spec.config names what the pods do not read', async () => {
    const { declared, configMap } = await scene()
    configMap('settings', {})
    const spec = { template: reading(['settings']), config: [{ configMap: 'setings', track: 'none' as const }] }
    await expect(declared(spec)).rejects.toThrow(
      'spec.config[0].configMap: the pods use no ConfigMap setings (they use settings); name one of theirs or remove the entry',
    )
  })

  it('while an entry of spec.config is there twice', async () => {
    const { declared, configMap } = await scene()
    configMap('settings', {})
    const config = [{ configMap: 'settings', track: 'none' as const }, { configMap: 'settings' }]
    await expect(declared({ template: reading(['settings']), config })).rejects.toThrow(
      'spec.config[1].configMap: ConfigMap settings is named twice',
    )
  })

  it('while Secrets are to be followed that the engine may not read, and says which component lets it', async () => {
    const { declared, server } = await scene()
    server.interfere(({ path }) =>
      path.includes('/secrets/') ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined,
    )
    await expect(declared(secretSpec)).rejects.toThrow(
      'spec.config[0].secret: the engine may not read Secrets in namespace shop; install the component that lets it: kubectl apply -n shop -k deploy/components/secret-tracking',
    )
  })

  it.for([
    ['kubernetes.io/tls', {}, 'is a certificate'],
    ['kubernetes.io/service-account-token', {}, 'is the token of a ServiceAccount'],
    ['kubernetes.io/dockerconfigjson', {}, 'holds credentials of a registry'],
    ['bootstrap.kubernetes.io/token', {}, 'is a bootstrap token'],
    ['Opaque', { ownerReferences: [owner('ExternalSecret')] }, 'is kept by ExternalSecret token'],
    ['Opaque', { labels: { 'reconcile.external-secrets.io/managed': 'true' } }, 'is kept by External Secrets'],
    ['Opaque', { annotations: { 'sealedsecrets.bitnami.com/managed': 'true' } }, 'is kept by Sealed Secrets'],
    ['Opaque', { annotations: { 'cert-manager.io/certificate-name': 'x' } }, 'is kept by cert-manager'],
  ] as const)('while a Secret is to be followed that others renew: %s %o', async ([type, metadata, words]) => {
    const { declared, secret } = await scene()
    secret('token', { type, metadata, data: { token: 'YQ==' } })
    await expect(declared(secretSpec)).rejects.toThrow(`spec.config[0].secret: Secret token ${words}`)
  })
})

const secretSpec = {
  template: { spec: { ...template().spec, volumes: [{ name: 'x', secret: { secretName: 'token' } }] } },
  config: [{ secret: 'token', track: 'version' as const }],
}

function owner(kind: string): Loose {
  return { apiVersion: 'external-secrets.io/v1', kind, name: 'token', uid: 'x', controller: true }
}

describe('a revision', () => {
  it('reads copies of its own that cannot change', async () => {
    const { configMap, secret, release, read, deployment } = await scene()
    for (const name of MAPS) configMap(name, { data: { a: name }, binaryData: { b: 'AP8=' } })
    for (const name of KEPT_SECRETS) secret(name, { type: 'Opaque', data: { b: 'YQ==' } })
    await release({ template: everything, config: allTracked })
    const prefix = `checkout-${REVISION}-`
    expect(read(CONFIG_MAPS, `${prefix}files`)).toMatchObject({
      immutable: true,
      data: { a: 'files' },
      binaryData: { b: 'AP8=' },
      metadata: {
        labels: {
          'sluice.dev/rollout': 'checkout',
          'sluice.dev/revision': REVISION,
          'app.kubernetes.io/managed-by': 'sluice',
        },
        ownerReferences: [{ kind: 'Rollout', name: 'checkout', uid: 'uid-of-checkout' }],
      },
    })
    expect(read(SECRETS, `${prefix}s-env`)).toMatchObject({ immutable: true, type: 'Opaque', data: { b: 'YQ==' } })
    const made = deployment(`checkout-${REVISION}`)?.spec['template'] as PodTemplate
    const text = JSON.stringify(everything.spec)
    const renamed = [...MAPS, ...KEPT_SECRETS].reduce(
      (words, name) =>
        words
          .replace(`Ref":{"name":"${name}"`, `Ref":{"name":"${prefix}${name}"`)
          .replace(`"configMap":{"name":"${name}"`, `"configMap":{"name":"${prefix}${name}"`)
          .replace(`"secret":{"name":"${name}"`, `"secret":{"name":"${prefix}${name}"`)
          .replace(`"secretName":"${name}"`, `"secretName":"${prefix}${name}"`),
      text,
    )
    expect(made.spec).toEqual(JSON.parse(renamed))
    expect(renamed.match(new RegExp(prefix, 'g'))).toHaveLength(MAPS.length + KEPT_SECRETS.length)
  })

  it('reads what is there where a change only starts a release', async () => {
    const { configMap, release, names, deployment } = await scene()
    configMap('settings', { data: { a: '1' } })
    const spec = { template: reading(['settings']), config: [{ configMap: 'settings', track: 'trigger' as const }] }
    await release(spec)
    expect(names(CONFIG_MAPS)).toEqual(['settings'])
    expect(deployment(`checkout-${REVISION}`)?.spec['template']).toMatchObject(spec.template)
  })

  it('keeps its copy when the original changes or goes', async () => {
    const { workload, configMap, declared, read, remove } = await scene()
    const spec = { template: reading(['settings']) }
    configMap('settings', { data: { a: '1' } })
    const first = await declared(spec)
    await workload.ensureRevision(rollout(spec), REVISION, first, 1)
    configMap('settings', { data: { a: '2' } })
    await workload.ensureRevision(rollout(spec), NEXT, await declared(spec), 1)
    remove('settings')
    await workload.ensureRevision(rollout(spec), REVISION, first, 2)
    expect(read(CONFIG_MAPS, `checkout-${REVISION}-settings`)?.data).toEqual({ a: '1' })
    expect(read(CONFIG_MAPS, `checkout-${NEXT}-settings`)?.data).toEqual({ a: '2' })
  })

  it('is not made of a config that is no longer what was declared', async () => {
    const { workload, configMap, declared, names, deployment, remove } = await scene()
    const spec = { template: reading(['settings']) }
    configMap('settings', { data: { a: '1' } })
    const source = await declared(spec)
    configMap('settings', { data: { a: '2' } })
    const make = () => workload.ensureRevision(rollout(spec), REVISION, source, 1)
    await expect(make()).rejects.toMatchObject({
      name: 'ConfigChanged',
      message: `ConfigMap settings changed before revision ${REVISION} had its copy`,
    })
    remove('settings')
    await expect(make()).rejects.toMatchObject({
      name: 'ConfigChanged',
      message: `ConfigMap settings was deleted before revision ${REVISION} had its copy`,
    })
    expect(names(CONFIG_MAPS)).toEqual([])
    expect(deployment(`checkout-${REVISION}`)).toBeUndefined()
  })

  it('leaves an object of somebody else alone that has the name of its copy', async () => {
    const { configMap, release, read } = await scene()
    configMap('settings', { data: { a: '1' } })
    configMap(`checkout-${REVISION}-settings`, { data: { whose: 'mine' } })
    await expect(release({ template: reading(['settings']) })).rejects.toMatchObject({ name: 'ForeignObject' })
    expect(read(CONFIG_MAPS, `checkout-${REVISION}-settings`)?.data).toEqual({ whose: 'mine' })
  })

  it('has copies with names of their own where the names of the originals are long', async () => {
    const { configMap, release, names, deployment } = await scene()
    const long = ['a', 'b'].map((end) => `${'settings-'.repeat(27)}${end}`)
    for (const name of long) configMap(name, { data: { name } })
    await release({ template: reading(long) })
    const copies = names(CONFIG_MAPS).filter((name) => name.startsWith('checkout-'))
    expect(new Set(copies).size).toBe(2)
    for (const name of copies) expect(name.length).toBeLessThanOrEqual(253)
    const made = JSON.stringify(deployment(`checkout-${REVISION}`)?.spec)
    for (const name of copies) expect(made).toContain(name)
  })

  it('is rescued with its copies by a Rollout that was made anew', async () => {
    const { workload, configMap, declared, read } = await scene()
    const spec = { template: reading(['settings']) }
    configMap('settings', { data: { a: '1' } })
    const source = await declared(spec)
    await workload.ensureRevision(rollout(spec), REVISION, source, 1)
    await workload.ensureRevision(rollout(spec, 'uid-of-another'), REVISION, source, 1)
    expect(read(CONFIG_MAPS, `checkout-${REVISION}-settings`)?.metadata.ownerReferences).toEqual([
      { apiVersion: 'sluice.dev/v1alpha1', kind: 'Rollout', name: 'checkout', uid: 'uid-of-another' },
    ])
  })
})

it('copies go with their revision, and nothing else does', async () => {
  const { workload, configMap, secret, release, names } = await scene()
  const spec = {
    template: { spec: { ...reading(['settings']).spec, imagePullSecrets: [], ...secretVolumes(['token']) } },
    config: [{ secret: 'token', track: 'version' as const }],
  }
  configMap('settings', { data: { a: '1' } })
  configMap('settings-of-others', {})
  secret('token', { type: 'Opaque', data: { a: 'YQ==' } })
  await release(spec)
  configMap('settings', { data: { a: '2' } })
  await release(spec, NEXT)
  await workload.removeConfigs(rollout(spec), { keep: [NEXT], secrets: false })
  expect(names(CONFIG_MAPS).sort()).toEqual([`checkout-${NEXT}-settings`, 'settings', 'settings-of-others'])
  expect(names(SECRETS).sort()).toEqual([`checkout-${REVISION}-token`, `checkout-${NEXT}-token`, 'token'].sort())
  await workload.removeConfigs(rollout(spec), { keep: [NEXT], secrets: true })
  expect(names(SECRETS).sort()).toEqual([`checkout-${NEXT}-token`, 'token'])
})

const secretVolumes = (names: string[]): Loose => ({
  volumes: [
    { name: 'settings', configMap: { name: 'settings' } },
    ...names.map((name) => ({ name, secret: { secretName: name } })),
  ],
})

it('no Deployment is asked for to know what is declared', async () => {
  const { server, declared, configMap } = await scene()
  configMap('settings', {})
  await declared({ template: reading(['settings']) })
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/configmaps/settings'])
  expect(server.store.list(placeOf(DEPLOYMENTS, 'shop'))).toEqual([])
})
