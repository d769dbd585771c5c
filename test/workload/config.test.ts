import { describe, expect, it } from 'vitest'
import { DEPLOYMENTS } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { allTracked, everything, KEPT_SECRETS, MAPS, reading, scene, type Loose } from './config-scene.ts'
import { template } from './stage.ts'

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

it('no Deployment is asked for to know what is declared', async () => {
  const { server, declared, configMap } = await scene()
  configMap('settings', {})
  await declared({ template: reading(['settings']) })
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/v1/namespaces/shop/configmaps/settings'])
  expect(server.store.list(placeOf(DEPLOYMENTS, 'shop'))).toEqual([])
})
