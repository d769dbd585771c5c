import { expect, inject, test } from 'vitest'
import { CONFIG_MAPS, PODS } from '../../crds/resources.ts'
import { eventually } from '../patience.ts'
import {
  atGate,
  configMap,
  copies,
  fromSettings,
  reading,
  releaseEnded,
  stalled,
  versionsSeen,
  type Config,
} from '../stage/config.ts'
import { analysisOf, ROLLOUT } from '../stage/shop.ts'
import { hasLeft, phaseOf, podsOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const GATED = [{ setWeight: 50 }, { approve: { name: 'go' } }]

/** Nothing is kept longer than it has to be. */
const QUICK = { rollbackWindow: 0 }

test.concurrent(
  'a release of nothing but config is promoted, and every pod reads its own config meanwhile',
  async () => {
    await using stage = await openStage({ access, name: 'config-only' })
    await configMap(stage, 'settings', { data: { VERSION: 'old' } })
    const stable = await stage.install({ version: '1.4.0', steps: GATED, spec: { template: fromSettings, ...QUICK } })
    await configMap(stage, 'settings', { data: { VERSION: 'new' } })
    await stage.until('the gate waits', atGate(2))
    const { canary = '' } = stage.now().rollout?.status ?? {}
    expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['old'], [canary]: ['new'] })
    await newPodOf(stage, stable)
    expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['old'], [canary]: ['new'] })

    await stage.say('approve')
    const { spec, status } = await stage.until('it is promoted', releaseEnded(2, 'Promoted'))
    expect(Object.keys(spec.configs ?? {})).toEqual(['ConfigMap/settings'])
    expect(status?.timeline?.map(({ event, message }) => `${event}: ${message}`)).toContain(
      'ConfigChanged: Release 2: ConfigMap settings changed',
    )
    await stage.until('the old revision has left', (sight) => hasLeft(sight, stable))
    expect(await versionsSeen(stage, access.gateway)).toEqual({ [canary]: ['new'] })
    await eventually(async () => expect(await copies(stage)).toEqual([`${ROLLOUT}-${canary}-settings`]))
    expect(await settingsOf(stage)).toEqual({ data: { VERSION: 'new' } })
  },
)

test.concurrent('a rollback brings the old config back, and leaves the declared one as it was declared', async () => {
  await using stage = await openStage({ access, name: 'config-back' })
  await configMap(stage, 'settings', { data: { VERSION: 'old', ERROR_SHARE: '0' } })
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 25 }, { analyze: { for: '1m' } }],
    analysis: analysisOf(access.prometheus),
    spec: { template: fromSettings },
  })
  stage.load({ rps: 60 })
  await configMap(stage, 'settings', { data: { VERSION: 'bad', ERROR_SHARE: '0.5' } })
  const { spec } = await stage.until('the bad config is rolled back', releaseEnded(2, 'RolledBack'))
  await stage.until('it has left', (sight) => hasLeft(sight, spec.revision))
  await newPodOf(stage, stable)
  expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['old'] })
  expect(await settingsOf(stage)).toEqual({ data: { VERSION: 'bad', ERROR_SHARE: '0.5' } })

  await configMap(stage, 'settings', { data: { VERSION: 'old', ERROR_SHARE: '0' } })
  await stage.until(
    'it is withdrawn',
    (sight) => phaseOf(sight) === 'Promoted' && sight.rollout?.status?.lastRelease?.number === 2 && !stalled(sight),
  )
  expect(stage.now().releases).toHaveLength(2)
})

test.concurrent('declaring the old config again returns to the pods that still have it, without gates', async () => {
  await using stage = await openStage({ access, name: 'config-return' })
  await configMap(stage, 'settings', { data: { VERSION: 'old' } })
  const spec = { template: fromSettings, scaleDownDelay: '3m' }
  const stable = await stage.install({ version: '1.4.0', steps: GATED, spec })
  const pods = podsOf(stage.now(), stable).map(({ metadata }) => metadata.name)
  await configMap(stage, 'settings', { data: { VERSION: 'new' } })
  await stage.until('the gate waits', atGate(2))
  await stage.say('approve')
  await stage.until('it is promoted', releaseEnded(2, 'Promoted'))
  await configMap(stage, 'settings', { data: { VERSION: 'old' } })
  const back = await stage.until('it is promoted again', releaseEnded(3, 'Promoted'))
  expect(back.spec.revision).toBe(stable)
  expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['old'] })
  expect(podsOf(stage.now(), stable).map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(pods))
})

test.concurrent('config and template that change together are one release', async () => {
  await using stage = await openStage({ access, name: 'config-together' })
  await configMap(stage, 'settings', { data: { VERSION: 'old' } })
  await stage.install({ version: '1.4.0', steps: GATED, spec: { template: fromSettings } })
  await configMap(stage, 'settings', { data: { VERSION: 'new' } })
  const image = 'shop.local/checkout:1.5.0'
  await stage.push({ spec: { template: reading({ image, envFrom: [{ configMapRef: { name: 'settings' } }] }) } })
  await stage.until('the gate waits', atGate(2))
  const { canary = '' } = stage.now().rollout?.status ?? {}
  expect((await versionsSeen(stage, access.gateway))[canary]).toEqual(['new'])
  await stage.say('approve')
  await stage.until('it is promoted', releaseEnded(2, 'Promoted'))
  await stage.until('nothing else is under way', ({ rollout }) => rollout?.status?.stable === canary)
  expect(stage.now().releases.map(({ status }) => status?.outcome)).toEqual(['Promoted', 'Promoted'])
})

test.concurrent('a config may only start a release, or be left alone', async () => {
  await using stage = await openStage({ access, name: 'config-tracks' })
  await configMap(stage, 'starts', { data: { VERSION: 'one' } })
  await configMap(stage, 'ignored', { data: { GREETING: 'hello' } })
  const envFrom = ['starts', 'ignored'].map((name) => ({ configMapRef: { name } }))
  const config = [
    { configMap: 'starts', track: 'trigger' },
    { configMap: 'ignored', track: 'none' },
  ]
  const template = reading({ envFrom })
  await stage.install({ version: '1.4.0', steps: GATED, spec: { template, config } })
  await configMap(stage, 'ignored', { data: { GREETING: 'hi' } })
  await configMap(stage, 'starts', { data: { VERSION: 'two' } })
  await stage.until('the gate waits', atGate(2))
  const { canary = '' } = stage.now().rollout?.status ?? {}
  expect((await versionsSeen(stage, access.gateway))[canary]).toEqual(['two'])
  expect(Object.keys(stage.now().releases[1]?.spec.configs ?? {})).toEqual(['ConfigMap/starts'])
  expect(await copies(stage)).toEqual([])
})

/** The user's ConfigMap, but for what the server writes itself. Nobody but the user has ever written it. */
async function settingsOf({ kube, namespace }: Stage): Promise<Partial<Config>> {
  const found = await kube.get<Config>({ resource: CONFIG_MAPS, namespace, name: 'settings' })
  const { apiVersion: _version, kind: _kind, metadata, ...content } = found!
  expect(metadata.managedFields?.map(({ manager }) => manager)).toEqual(['git'])
  expect(metadata).not.toHaveProperty('labels')
  return content
}

/** A pod of the revision goes, and another one takes its place. */
async function newPodOf(stage: Stage, revision: string): Promise<void> {
  const before = podsOf(stage.now(), revision)
  const [gone] = before
  await stage.kube.delete({ resource: PODS, namespace: stage.namespace, name: gone?.metadata.name ?? '' })
  await stage.until('there is a new ready pod in its place', (sight) => {
    const ready = podsOf(sight, revision).filter(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
    return ready.length === before.length && ready.every(({ metadata }) => metadata.name !== gone?.metadata.name)
  })
}
