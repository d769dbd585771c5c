import { expect, it } from 'vitest'
import type { Resource } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { served, stage, type Stage } from './stage.ts'

const SIDECARS: Resource = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'sidecars',
  kind: 'Sidecar',
  namespaced: true,
}

/** Listens where the proxy of a pod would, once it has been started. */
const proxy = {
  entrypoint: [
    process.execPath,
    '-e',
    "require('http').createServer((q, r) => r.end('proxy')).listen(process.env.PORT_INBOUND, '127.0.0.1')",
  ],
  exposes: ['inbound', 'outbound', 'admin'],
}
const web = {
  entrypoint: [
    process.execPath,
    '-e',
    "require('http').createServer((q, r) => r.end('web')).listen(process.env.PORT, '127.0.0.1')",
  ],
}
const catalogue = { 'test/proxy': proxy, 'test/web': web }

const readinessProbe = { tcpSocket: { port: 'inbound' }, periodSeconds: 0.05 }
const initContainers = [{ name: 'istio-proxy', image: 'test/proxy', restartPolicy: 'Always', readinessProbe }]

const sidecarOf = ({ server }: Stage, name: string): unknown =>
  server.store.list(placeOf(SIDECARS, 'shop')).find(({ metadata }) => metadata.name === name)

it('leads clients to the proxy of a pod that has one, and the proxy to the application', async () => {
  const scene = await stage()
  await scene.start({ catalogue })
  scene.run('web', {}, { initContainers, serviceAccountName: 'checkout' })

  const { ports, ...address } = await served(scene, 'web')
  expect(address).toMatchObject({ address: '127.0.0.1', serviceAccount: 'checkout' })
  expect(ports.http).toBe(ports.inbound)
  expect(await (await fetch(`http://127.0.0.1:${ports.http}/`)).text()).toBe('proxy')

  const [listener] = (sidecarOf(scene, 'web') as { spec: { ingress: { defaultEndpoint: string }[] } }).spec.ingress
  expect(await (await fetch(`http://${listener?.defaultEndpoint}/`)).text()).toBe('web')
  expect(sidecarOf(scene, 'web')).toMatchObject({
    metadata: { ownerReferences: [{ kind: 'Pod', name: 'web' }] },
    spec: {
      workloadSelector: { labels: { 'node.sluice.dev/pod': 'web' } },
      ingress: [{ bind: '127.0.0.1', port: { number: ports.inbound, protocol: 'HTTP' } }],
      egress: [{ bind: '127.0.0.1', port: { number: ports.outbound, protocol: 'HTTP_PROXY' } }],
    },
  })
})

it('tells the mesh nothing about proxies where a pod has none', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web')
  const address = await served(scene, 'web')
  expect(address).not.toHaveProperty('serviceAccount')
  expect(sidecarOf(scene, 'web')).toBeUndefined()
})
