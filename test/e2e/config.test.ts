import { execFile } from 'node:child_process'
import { request } from 'node:http'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { CONFIG_MAPS, PODS, SECRETS } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { analysisOf, MANAGED_PATH, ROLLOUT } from '../stage/shop.ts'
import { hasLeft, phaseOf, podsOf, type Sight } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const GATED = [{ setWeight: 50 }, { approve: { name: 'go' } }]

type Config = KubeObject & {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  stringData?: Record<string, string>
  immutable?: boolean
}
type Loose = Record<string, unknown>

/** As `kubectl apply` of a repository would. */
async function configMap({ kube, namespace }: Stage, name: string, content: Partial<Config>): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...content }
  await kube.apply(CONFIG_MAPS, object, { fieldManager: 'git', force: true })
}

/** A shop whose container has these variables and reads these configs; what it calls its version is up to them. */
const reading = (container: Loose, pod: Loose = {}): Loose => ({
  metadata: { labels: { app: ROLLOUT } },
  spec: {
    terminationGracePeriodSeconds: 5,
    containers: [
      {
        name: ROLLOUT,
        image: 'shop.local/checkout:1.4.0',
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
        ...container,
      },
    ],
    ...pod,
  },
})
const fromSettings = reading({ envFrom: [{ configMapRef: { name: 'settings' } }] })

/** What the pods that get requests call their version, by the revision that they belong to. */
async function versionsSeen(stage: Stage): Promise<Record<string, string[]>> {
  const seen = new Map<string, Set<string>>()
  for (let left = 40; left > 0; left--) {
    const { version, pod } = await answerOf(stage)
    const revision = stage.now().pods.find(({ metadata }) => metadata.name === pod)?.metadata.labels?.[
      'sluice.dev/revision'
    ]
    seen.set(revision ?? pod, (seen.get(revision ?? pod) ?? new Set()).add(version))
  }
  return Object.fromEntries([...seen].map(([revision, versions]) => [revision, [...versions]]))
}

/** Of one request on a connection of its own. */
function answerOf({ namespace }: Stage): Promise<{ version: string; pod: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ version: string; pod: string }>()
  const options = { headers: { host: `${namespace}.shop.local` }, agent: false } as const
  const asked = request(`${access.gateway}${MANAGED_PATH}`, options, (response) => {
    const { 'x-version': version, 'x-pod': pod } = response.headers
    response.resume()
    resolve({ version: String(version), pod: String(pod) })
  })
  asked.once('error', reject)
  asked.end()
  return promise
}

const releaseEnded = (number: number, outcome: string) => (sight: Sight) =>
  sight.releases[number - 1]?.status?.outcome === outcome && sight.releases[number - 1]

const atGate = (number: number) => (sight: Sight) =>
  phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.release === number

const stalled = ({ rollout }: Sight) => rollout?.status?.conditions?.find(({ type }) => type === 'Stalled')

test.concurrent(
  'a release of nothing but config is promoted, and every pod reads its own config meanwhile',
  async () => {
    await using stage = await openStage({ access, name: 'config-only' })
    await configMap(stage, 'settings', { data: { VERSION: 'old' } })
    const stable = await stage.install({ version: '1.4.0', steps: GATED, spec: { template: fromSettings, ...QUICK } })
    await configMap(stage, 'settings', { data: { VERSION: 'new' } })
    await stage.until('the gate waits', atGate(2))
    const { canary = '' } = stage.now().rollout?.status ?? {}
    expect(await versionsSeen(stage)).toEqual({ [stable]: ['old'], [canary]: ['new'] })
    await newPodOf(stage, stable)
    expect(await versionsSeen(stage)).toEqual({ [stable]: ['old'], [canary]: ['new'] })

    await stage.say('approve')
    const { spec, status } = await stage.until('it is promoted', releaseEnded(2, 'Promoted'))
    expect(Object.keys(spec.configs ?? {})).toEqual(['ConfigMap/settings'])
    expect(status?.timeline?.map(({ event, message }) => `${event}: ${message}`)).toContain(
      'ConfigChanged: Release 2: ConfigMap settings changed',
    )
    await stage.until('the old revision has left', (sight) => hasLeft(sight, stable))
    expect(await versionsSeen(stage)).toEqual({ [canary]: ['new'] })
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
  expect(await versionsSeen(stage)).toEqual({ [stable]: ['old'] })
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
  expect(await versionsSeen(stage)).toEqual({ [stable]: ['old'] })
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
  expect((await versionsSeen(stage))[canary]).toEqual(['new'])
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
  expect((await versionsSeen(stage))[canary]).toEqual(['two'])
  expect(Object.keys(stage.now().releases[1]?.spec.configs ?? {})).toEqual(['ConfigMap/starts'])
  expect(await copies(stage)).toEqual([])
})

test.concurrent('files, projected volumes, bytes, init containers and sidecars read the copies too', async () => {
  await using stage = await openStage({ access, name: 'config-files' })
  const bytes = Buffer.from([0, 255, 1, 254]).toString('base64')
  await configMap(stage, 'files', { data: { vat: '7.7' }, binaryData: { logo: bytes } })
  await configMap(stage, 'words', { data: { GREETING: 'hello' } })
  const mounts = [
    { name: 'files', mountPath: '/etc/files' },
    { name: 'many', mountPath: '/etc/many' },
  ]
  const script = `const { readFileSync } = require('node:fs')
    const file = (path, coding) => readFileSync(process.env.CONTAINER_ROOT + path).toString(coding)
    console.log([file('/etc/files/vat'), file('/etc/files/logo', 'base64'), file('/etc/many/greeting'), process.env.GREETING].join(' '))`
  const program = (name: string, then = '', more: Loose = {}): Loose => ({
    name,
    image: 'shop.local/checkout:1.4.0',
    command: [process.execPath, '-e', script + then],
    envFrom: [{ configMapRef: { name: 'words' } }],
    volumeMounts: mounts,
    ...more,
  })
  const template = reading(
    {},
    {
      initContainers: [
        program('first'),
        program('beside', '; setInterval(() => {}, 1000)', { restartPolicy: 'Always' }),
      ],
      volumes: [
        { name: 'files', configMap: { name: 'files' } },
        {
          name: 'many',
          projected: { sources: [{ configMap: { name: 'words', items: [{ key: 'GREETING', path: 'greeting' }] } }] },
        },
      ],
    },
  )
  const stable = await stage.install({ version: '1.4.0', steps: GATED, replicas: 1, spec: { template } })
  const changed = Buffer.from([9, 255]).toString('base64')
  await configMap(stage, 'files', { data: { vat: '8.1' }, binaryData: { logo: changed } })
  await configMap(stage, 'words', { data: { GREETING: 'hi' } })
  await stage.until('the gate waits', atGate(2))
  const { canary = '' } = stage.now().rollout?.status ?? {}
  for (const container of ['first', 'beside']) {
    expect(await logOf(stage, stable, container)).toBe(`7.7 ${bytes} hello hello\n`)
    expect(await logOf(stage, canary, container)).toBe(`8.1 ${changed} hi hi\n`)
  }
  expect(await copies(stage)).toHaveLength(4)
})

test.concurrent('a ConfigMap that is missing is named, and awaited', async () => {
  await using stage = await openStage({ access, name: 'config-missing' })
  const installed = stage.install({ version: '1.4.0', steps: GATED, spec: { template: fromSettings } })
  await stage.until('the condition names it', (sight) => stalled(sight)?.message?.includes('ConfigMap settings'))
  expect(stalled(stage.now())).toMatchObject({ status: 'True', reason: 'InvalidSpec' })
  expect(stage.now().pods).toEqual([])
  await configMap(stage, 'settings', { data: { VERSION: 'here' } })
  const stable = await installed
  expect(stalled(stage.now())).toBeUndefined()
  expect(await versionsSeen(stage)).toEqual({ [stable]: ['here'] })
})

test.concurrent('a Secret is followed where it is named and the component is installed', async () => {
  await using stage = await openStage({ access, name: 'config-secret' })
  const { kube, namespace } = stage
  const secret = (VERSION: string) => {
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token', namespace }, stringData: { VERSION } }
    return kube.apply(SECRETS, object, { fieldManager: 'git', force: true })
  }
  await secret('old')
  const template = reading({ envFrom: [{ secretRef: { name: 'token' } }] })
  const config = [{ secret: 'token', track: 'version' }]
  const installed = stage.install({ version: '1.4.0', steps: GATED, spec: { template, config } })
  await stage.until('the condition names the component', (sight) =>
    stalled(sight)?.message?.includes('kubectl apply -n config-secret -k deploy/components/secret-tracking'),
  )
  await kubectl('apply', '-n', namespace, '-k', 'deploy/components/secret-tracking')
  const stable = await installed

  await secret('new')
  await stage.until('the gate waits', atGate(2))
  const { canary = '' } = stage.now().rollout?.status ?? {}
  expect(await versionsSeen(stage)).toEqual({ [stable]: ['old'], [canary]: ['new'] })
  expect(JSON.stringify(stage.now().releases)).not.toContain(Buffer.from('new').toString('base64'))
  const { items } = await kube.list<Config>(SECRETS, { namespace, labelSelector: `sluice.dev/rollout=${ROLLOUT}` })
  expect(items.map(({ metadata, immutable }) => [metadata.name, immutable]).sort()).toEqual(
    [canary, stable].map((revision) => [`${ROLLOUT}-${revision}-token`, true]).sort(),
  )
})

/** Nothing is kept longer than it has to be. */
const QUICK = { rollbackWindow: 0 }

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
  return stdout
}

const logOf = (stage: Stage, revision: string, container: string): Promise<string> =>
  kubectl('logs', '-n', stage.namespace, podsOf(stage.now(), revision)[0]?.metadata.name ?? '', '-c', container)

/** Names of the copies of ConfigMaps. */
async function copies({ kube, namespace }: Stage): Promise<string[]> {
  const { items } = await kube.list<Config>(CONFIG_MAPS, { namespace, labelSelector: `sluice.dev/rollout=${ROLLOUT}` })
  return items.map(({ metadata }) => metadata.name).sort()
}

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
