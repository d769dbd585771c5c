import { describe, expect, it } from 'vitest'
import { CONFIG_MAPS, SECRETS } from '../../crds/resources.ts'
import type { PodTemplate } from '../../crds/schema/rollout.ts'
import { allTracked, everything, KEPT_SECRETS, MAPS, reading, scene, type Loose } from './config-scene.ts'
import { NEXT, REVISION, rollout } from './stage.ts'

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

  it('that stays when its Rollout goes keeps its copies, and is the last to be let go', async () => {
    const { workload, server, configMap, declared, names, read } = await scene()
    const spec = { template: reading(['settings']) }
    configMap('settings', { data: { a: '1' } })
    for (const revision of [REVISION, NEXT]) {
      await workload.ensureRevision(rollout(spec), revision, await declared(spec), 1)
    }
    const before = server.requests.length
    await workload.dissolve(rollout(spec), REVISION)
    const kept = `checkout-${REVISION}-settings`
    expect(names(CONFIG_MAPS)).toEqual(['settings', kept])
    expect(read(CONFIG_MAPS, kept)?.metadata).toMatchObject({ ownerReferences: [] })
    const freed = server.requests.slice(before).filter(({ method }) => method === 'PATCH')
    expect(freed.map(({ path }) => path.split('/').at(-1))).toEqual([kept, `checkout-${REVISION}`])
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
