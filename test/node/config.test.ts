import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { CONFIG_MAPS, SECRETS } from '../../stack/node/pod.ts'
import { eventually } from '../patience.ts'
import { served, stage, type Stage } from './stage.ts'

const encoded = (text: string): string => Buffer.from(text).toString('base64')

function putConfigs({ server }: Stage): void {
  const metadata = { name: 'prices', namespace: 'shop' }
  const data = { CURRENCY: 'CHF', 'table.json': '{"tea":3}' }
  const binaryData = { 'logo.bin': Buffer.from([0, 255, 1]).toString('base64') }
  server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data, binaryData })
  const secret = { name: 'keys', namespace: 'shop' }
  server.put(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: secret, data: { TOKEN: encoded('s3cret') } })
}

async function environment(scene: Stage, name: string): Promise<Record<string, string>> {
  const { address, ports } = await served(scene, name)
  return ((await (await fetch(`http://${address}:${ports.http}/`)).json()) as { env: Record<string, string> }).env
}

/** Says what it finds under these paths, in base64. */
const reader = (...paths: string[]) => ({
  image: 'test/script',
  args: [
    `for (const path of ${JSON.stringify(paths)})
       console.log(require('fs').readFileSync(process.env.CONTAINER_ROOT + path).toString('base64'))`,
  ],
})

const words = (scene: Stage, name: string): string | undefined => {
  const state = scene.pod(name)?.status?.containerStatuses?.[0]?.state
  return state && 'waiting' in state ? `${state.waiting.reason}: ${state.waiting.message ?? ''}` : undefined
}

it('takes variables from ConfigMaps, Secrets and the pod itself, later ones over earlier ones', async () => {
  const scene = await stage()
  putConfigs(scene)
  await scene.start()
  scene.run('web', {
    envFrom: [
      { configMapRef: { name: 'prices' } },
      { prefix: 'KEY_', secretRef: { name: 'keys' } },
      { configMapRef: { name: 'nowhere', optional: true } },
    ],
    env: [
      { name: 'CURRENCY', value: 'EUR' },
      { name: 'TABLE', valueFrom: { configMapKeyRef: { name: 'prices', key: 'table.json' } } },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'TOKEN' } } },
      { name: 'LEFT_OUT', valueFrom: { secretKeyRef: { name: 'keys', key: 'none', optional: true } } },
      { name: 'WHERE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'ALL', value: '$(WHO)/$(CURRENCY)/$(UNKNOWN)' },
    ],
  })
  const env = await environment(scene, 'web')
  expect(env).toMatchObject({
    CURRENCY: 'EUR',
    KEY_TOKEN: 's3cret',
    TABLE: '{"tea":3}',
    TOKEN: 's3cret',
    WHERE: 'shop',
    WHO: 'web',
    IP: '127.0.0.1',
    APP: 'web',
    ALL: 'web/EUR/$(UNKNOWN)',
  })
  expect(env).not.toHaveProperty('LEFT_OUT')
})

it('waits with CreateContainerConfigError for a key that is missing, and goes on when it is there', async () => {
  const scene = await stage()
  putConfigs(scene)
  await scene.start()
  const env = [{ name: 'VAT', valueFrom: { configMapKeyRef: { name: 'prices', key: 'VAT' } } }]
  scene.run('web', { env })
  scene.run('lost', { envFrom: [{ secretRef: { name: 'none' } }] })
  const because = "CreateContainerConfigError: couldn't find key VAT in ConfigMap shop/prices"
  await eventually(() => expect(words(scene, 'web')).toBe(because))
  await eventually(() => expect(words(scene, 'lost')).toBe('CreateContainerConfigError: secret "none" not found'))
  const metadata = { name: 'prices', namespace: 'shop' }
  scene.server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { VAT: '8.1' } })
  expect(await environment(scene, 'web')).toMatchObject({ VAT: '8.1' })
})

it('gives volumes as files under their mount paths in $CONTAINER_ROOT', async () => {
  const scene = await stage()
  putConfigs(scene)
  await scene.start()
  const sources = [
    { configMap: { name: 'prices', items: [{ key: 'CURRENCY', path: 'money/currency' }] } },
    { secret: { name: 'keys' } },
    { downwardAPI: { items: [{ path: 'who', fieldRef: { fieldPath: 'metadata.name' } }] } },
  ]
  const paths = ['/etc/prices/logo.bin', '/etc/all/money/currency', '/etc/all/TOKEN', '/etc/all/who', '/one.json']
  const volumeMounts = [
    { name: 'prices', mountPath: '/etc/prices' },
    { name: 'all', mountPath: '/etc/all' },
    { name: 'prices', mountPath: '/one.json', subPath: 'table.json' },
  ]
  const volumes = [
    { name: 'prices', configMap: { name: 'prices' } },
    { name: 'all', projected: { sources } },
  ]
  scene.run('files', { ...reader(...paths), volumeMounts }, { volumes, restartPolicy: 'Never' })
  await eventually(() => expect(scene.pod('files')?.status?.phase).toBe('Succeeded'))
  const said = scene.log('files').trim().split('\n')
  expect(said).toEqual([
    Buffer.from([0, 255, 1]).toString('base64'),
    ...['CHF', 's3cret', 'files', '{"tea":3}'].map(encoded),
  ])
})

it('leaves no secret on disk when the pod goes', async () => {
  const scene = await stage()
  putConfigs(scene)
  await scene.start()
  const volumeMounts = [{ name: 'keys', mountPath: '/keys' }]
  scene.run('web', { volumeMounts }, { volumes: [{ name: 'keys', secret: { secretName: 'keys' } }] })
  const { CONTAINER_ROOT: root = '' } = await environment(scene, 'web')
  const volume = join(dirname(dirname(root)), 'volumes', 'keys')
  expect(existsSync(join(volume, 'TOKEN'))).toBe(true)
  scene.remove('web')
  await eventually(() => expect(existsSync(volume) || existsSync(root)).toBe(false))
})

it('waits for a ConfigMap that a volume needs and says so in an event', async () => {
  const scene = await stage()
  await scene.start()
  const volumeMounts = [{ name: 'prices', mountPath: '/etc/prices' }]
  scene.run('web', { volumeMounts }, { volumes: [{ name: 'prices', configMap: { name: 'prices' } }] })
  await eventually(() => expect(scene.events('web').map(({ reason }) => reason)).toContain('FailedMount'))
  expect(scene.events('web')[0]?.note).toBe(
    'MountVolume.SetUp failed for volume "prices" : configmap "prices" not found',
  )
  expect(words(scene, 'web')).toBe('ContainerCreating: ')
  putConfigs(scene)
  await served(scene, 'web')
})
