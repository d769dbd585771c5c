import { expect, it } from 'vitest'
import { identify } from '../../tools/identity.ts'
import { setCordoned, setEndpointDelay } from '../../stack/node/agent.ts'
import { eventually } from '../patience.ts'
import { served, stage, type Entry, type Stage } from './stage.ts'

type Answer = { pid: number; probes: number; env: Record<string, string>; args: string[] }

const urlOf = (address: Entry['spec'] | undefined, path = '/'): string =>
  `http://${address?.address}:${address?.ports.http}${path}`
const ask = async (address: Entry['spec'] | undefined): Promise<Answer> =>
  (await (await fetch(urlOf(address))).json()) as Answer
const container = (scene: Stage, name: string) => scene.pod(name)?.status?.containerStatuses?.[0]
const condition = (scene: Stage, name: string, type: string) =>
  scene.pod(name)?.status?.conditions?.find((one) => one.type === type)
it('runs a pod as a process with its literal environment and arguments, and gives it an address by its labels', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web', { env: [{ name: 'COLOUR', value: 'blue' }], args: ['name=$(HOSTNAME)', 'at=$(PORT)'] })
  const address = await served(scene, 'web')
  const { env, args } = await ask(address)
  expect(env).toMatchObject({ COLOUR: 'blue', HOSTNAME: 'web', PORT: String(address.ports.http) })
  expect(args).toEqual(['name=web', `at=${address.ports.http}`])
  expect(address.labels).toEqual({ app: 'web' })
  expect(scene.pod('web')).toMatchObject({
    spec: { nodeName: 'local' },
    status: {
      phase: 'Running',
      containerStatuses: [{ ready: true, restartCount: 0, state: { running: {} }, lastState: {} }],
    },
  })
})

it('says Ready first and gives the address after the delay, which can be changed at run time', async () => {
  const scene = await stage()
  await scene.start({ endpointDelayMs: 3_600_000 })
  scene.run('web')
  await eventually(() => expect(condition(scene, 'web', 'Ready')?.status).toBe('True'))
  expect(scene.address('web')).toBeUndefined()
  await setEndpointDelay(scene.kube, 0)
  await served(scene, 'web')
})

it('is not ready before the probe succeeds and loses readiness and address when it fails often enough', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web')
  const address = await served(scene, 'web')
  await fetch(urlOf(address, '/sick'))
  await eventually(() => expect(condition(scene, 'web', 'Ready')?.status).toBe('False'))
  await eventually(() => expect(scene.address('web')).toBeUndefined())
  expect(condition(scene, 'web', 'Ready')?.message).toBe('containers with unready status: [app]')
  expect(container(scene, 'web')).toMatchObject({ restartCount: 0, state: { running: {} } })
})

it('starts what exits again, tells its code and its last words, and ends in CrashLoopBackOff', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('bad', { image: 'test/crash' })
  await eventually(() =>
    expect(container(scene, 'bad')).toMatchObject({
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', message: 'no such list' } },
    }),
  )
  expect(scene.pod('bad')?.status?.phase).toBe('Running')
  expect(condition(scene, 'bad', 'Ready')?.status).toBe('False')
  expect(scene.log('bad')).toContain('reading the list')
})

it('names an image that it does not know', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('nobody', { image: 'shop.local/checkout:9.9.9' })
  await eventually(() => {
    const state = container(scene, 'nobody')?.state
    expect(state).toMatchObject({ waiting: { reason: 'ImagePullBackOff' } })
    expect(JSON.stringify(state)).toContain('shop.local/checkout:9.9.9')
  })
  expect(scene.pod('nobody')?.status?.phase).toBe('Pending')
})

it('says what it cannot do instead of leaving it out', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('secretive', { env: [{ name: 'TOKEN', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }] })
  await eventually(() =>
    expect(container(scene, 'secretive')?.state).toMatchObject({
      waiting: { reason: 'CreateContainerConfigError', message: expect.stringContaining('TOKEN') as string },
    }),
  )
})

it('takes the address away before it ends the process, and lets the pod go afterwards', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web')
  const { pid } = await ask(await served(scene, 'web'))
  scene.remove('web')
  await eventually(() => expect(scene.address('web')).toBeUndefined())
  expect(identify(pid)).toBeDefined()
  await eventually(() => expect(identify(pid)).toBeUndefined())
  await eventually(() => {
    const deletion = scene.server.requests.find((one) => one.method === 'DELETE' && one.path.endsWith('/pods/web'))
    expect(deletion).toBeDefined()
  })
  expect(container(scene, 'web')?.state).toMatchObject({ terminated: { exitCode: 143 } })
})

it('kills what does not end within its grace period', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('deaf', { image: 'test/deaf' })
  await served(scene, 'deaf')
  scene.remove('deaf', 1)
  await eventually(() => expect(container(scene, 'deaf')?.state).toMatchObject({ terminated: { exitCode: 137 } }))
})

it('keeps new pods pending while the node is cordoned and binds them afterwards', async () => {
  const scene = await stage()
  await scene.start()
  await setCordoned(scene.kube, true)
  scene.run('late')
  await eventually(() =>
    expect(condition(scene, 'late', 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' }),
  )
  expect(scene.pod('late')?.spec.nodeName).toBeUndefined()
  await setCordoned(scene.kube, false)
  await served(scene, 'late')
  expect(condition(scene, 'late', 'PodScheduled')?.status).toBe('True')
})

it('leaves no process behind when it stops, and starts its pods again with new addresses', async () => {
  const scene = await stage()
  const first = await scene.start()
  scene.run('web')
  const before = await ask(await served(scene, 'web'))
  await first.stop()
  expect(identify(before.pid)).toBeUndefined()
  await scene.start()
  await eventually(async () => expect((await ask(scene.address('web'))).pid).not.toBe(before.pid))
  expect(container(scene, 'web')).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 255 } } })
})

it('asks the API server nothing while nothing happens, however often it probes', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web')
  const address = await served(scene, 'web')
  const { probes } = await ask(address)
  const requests = scene.server.requests.length
  await eventually(async () => expect((await ask(address)).probes).toBeGreaterThan(probes + 5))
  expect(scene.server.requests.length).toBe(requests)
})
