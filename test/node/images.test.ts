import { expect, it } from 'vitest'
import { catalogue } from '../../stack/images/catalogue.ts'
import { controlPods, type Order } from '../../stack/images/control.ts'
import { PODS } from '../../stack/node/pod.ts'
import { eventually } from '../patience.ts'
import { served, stage } from './stage.ts'

const readinessProbe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 0.05 }

/** One pod of the shop, the way to ask it, and the way to tell it how to behave. */
async function serve(image: string) {
  const scene = await stage()
  await scene.start({ catalogue })
  scene.run('shop', { image, readinessProbe })
  const { ports } = await served(scene, 'shop')
  // The real API server takes annotations of a Pod together with its status; the fake one, as for other kinds, does not.
  const metadata = { name: 'shop', namespace: 'shop', annotations: { 'node.sluice.dev/ports': JSON.stringify(ports) } }
  scene.server.put(PODS, { apiVersion: 'v1', kind: 'Pod', metadata })
  const tell = (order: Order) => controlPods({ kube: scene.kube, namespace: 'shop', selector: 'app=shop' }, order)
  return { scene, tell, ask: () => fetch(`http://127.0.0.1:${ports.http}/`) }
}

it('answers with its version and its pod', async () => {
  const { ask } = await serve('shop.local/checkout:1.5.0')
  const response = await ask()
  expect(Object.fromEntries(response.headers)).toMatchObject({ 'x-version': '1.5.0', 'x-pod': 'shop' })
  expect(await response.json()).toEqual({ service: 'checkout', version: '1.5.0' })
})

it('fails and heals as it is told while it runs', async () => {
  const { ask, tell } = await serve('shop.local/payment:3.0.2')
  expect(await tell({ errorShare: 1 })).toEqual(['shop'])
  expect((await ask()).status).toBe(500)
  await tell({ errorShare: 1, errorStatus: 503 })
  expect((await ask()).status).toBe(503)
  await tell({ errorShare: 0 })
  expect((await ask()).status).toBe(200)
})

it('becomes slower by what it is told', async () => {
  const { ask, tell } = await serve('shop.local/catalog:2.1.0')
  await tell({ slowShare: 1, slowMs: 3_000 })
  const slow = ask().then(() => 'slow')
  // The same order again changes nothing, and is answered while the request still waits.
  const told = tell({ slowShare: 1 }).then(() => 'told')
  expect(await Promise.race([slow, told])).toBe('told')
  expect(await slow).toBe('slow')
})

it('refuses an order that it does not understand', async () => {
  const { tell } = await serve('shop.local/checkout:1.4.0')
  await expect(tell({ errrorShare: 1 } as Order)).rejects.toThrow('errrorShare is not one of')
})

it('goes unready and exits when it is told so', async () => {
  const { scene, tell } = await serve('shop.local/checkout:1.4.0')
  await tell({ ready: false })
  await eventually(() => expect(scene.address('shop')).toBeUndefined())
  await tell({ exitCode: 7 })
  await eventually(() =>
    expect(scene.pod('shop')?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      ready: true,
      lastState: { terminated: { exitCode: 7, message: 'fatal: told to exit with 7' } },
    }),
  )
})
