import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { SECRETS } from '../../crds/resources.ts'
import {
  atGate,
  configMap,
  copies,
  fromSettings,
  reading,
  stalled,
  versionsSeen,
  type Config,
  type Loose,
} from '../stage/config.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { podsOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const GATED = [{ setWeight: 50 }, { approve: { name: 'go' } }]

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
  expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['here'] })
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
  expect(await versionsSeen(stage, access.gateway)).toEqual({ [stable]: ['old'], [canary]: ['new'] })
  expect(JSON.stringify(stage.now().releases)).not.toContain(Buffer.from('new').toString('base64'))
  const { items } = await kube.list<Config>(SECRETS, { namespace, labelSelector: `sluice.dev/rollout=${ROLLOUT}` })
  expect(Object.fromEntries(items.map(({ metadata, immutable }) => [metadata.name, immutable]))).toEqual(
    Object.fromEntries([canary, stable].map((revision) => [`${ROLLOUT}-${revision}-token`, true])),
  )
})

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
  return stdout
}

const logOf = (stage: Stage, revision: string, container: string): Promise<string> =>
  kubectl('logs', '-n', stage.namespace, podsOf(stage.now(), revision)[0]?.metadata.name ?? '', '-c', container)
