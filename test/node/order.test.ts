import { expect, it } from 'vitest'
import { eventually } from '../patience.ts'
import { served, stage, type Stage } from './stage.ts'

const script = (name: string, source: string, more: Record<string, unknown> = {}) => ({
  name,
  image: 'test/script',
  args: [source],
  ...more,
})
const condition = (scene: Stage, name: string, type: string) =>
  scene.pod(name)?.status?.conditions?.find((one) => one.type === type)

const say = (word: string): string => `require('fs').appendFileSync('../../order', '${word} ')`
const FOR_EVER = 'setInterval(() => {}, 1000)'

it('runs init containers one after the other before everything else', async () => {
  const scene = await stage()
  await scene.start()
  const initContainers = [script('one', say('one')), script('two', say('two'))]
  const app = script('app', `console.log(require('fs').readFileSync('../../order', 'utf8'))`)
  scene.run('task', app, { initContainers, restartPolicy: 'Never' })
  await eventually(() => expect(scene.pod('task')?.status?.phase).toBe('Succeeded'))
  expect(scene.log('task')).toBe('one two \n')
  expect(scene.pod('task')?.status?.initContainerStatuses).toMatchObject([
    { name: 'one', ready: true, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
    { name: 'two', ready: true, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
  ])
})

it('says which init container it waits for, and starts nothing after one that fails', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('stuck', {}, { initContainers: [script('migrate', `console.error('no database'); process.exit(5)`)] })
  await eventually(() =>
    expect(scene.pod('stuck')?.status).toMatchObject({
      phase: 'Pending',
      initContainerStatuses: [
        { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { message: 'no database' } } },
      ],
      containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
    }),
  )
  expect(condition(scene, 'stuck', 'Initialized')).toMatchObject({
    status: 'False',
    message: 'containers with incomplete status: [migrate]',
  })
})

it('fails a pod that is never restarted when its init container fails', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('gone', {}, { initContainers: [script('migrate', 'process.exit(5)')], restartPolicy: 'Never' })
  await eventually(() => expect(scene.pod('gone')?.status?.phase).toBe('Failed'))
})

it('is ready when all its containers are, with the ports of all of them', async () => {
  const scene = await stage()
  await scene.start()
  const containers = [
    { name: 'app', image: 'test/web', ports: [{ name: 'http', containerPort: 8080 }] },
    script('proxy', FOR_EVER, {
      ports: [{ name: 'admin', containerPort: 9901 }],
      readinessProbe: { periodSeconds: 0.05, httpGet: { path: '/', port: 'admin' } },
    }),
  ]
  scene.run('two', {}, { containers })
  await eventually(() =>
    expect(condition(scene, 'two', 'Ready')?.message).toBe('containers with unready status: [proxy]'),
  )
  const listening = containers.map((one) => ({ ...one, image: 'test/web', args: [], readinessProbe: undefined }))
  scene.run('both', {}, { containers: listening })
  expect(Object.keys((await served(scene, 'both')).ports)).toEqual(['http', 'admin'])
})

it('starts a sidecar before the containers and ends it after them', async () => {
  const scene = await stage()
  await scene.start()
  const leaving = `process.on('SIGTERM', () => { ${say('left')}; process.exit(0) }); ${FOR_EVER}; ${say('came')}`
  const ready = { periodSeconds: 0.05, exec: { command: ['test', '-f', '../../order'] } }
  const initContainers = [script('proxy', leaving, { restartPolicy: 'Always', startupProbe: ready })]
  scene.run('task', script('app', say('worked')), { initContainers, restartPolicy: 'Never' })
  await eventually(() => expect(scene.pod('task')?.status?.phase).toBe('Succeeded'))
  expect(scene.file('task', 'order')).toBe('came worked left ')
})

it.for([
  ['Never', 'Failed', 0],
  ['OnFailure', 'Succeeded', 1],
] as const)('a task with restartPolicy %s that fails once ends as %s', async ([restartPolicy, phase, restartCount]) => {
  const scene = await stage()
  await scene.start()
  const twice = `const fs = require('fs'); const again = fs.existsSync('../../order'); ${say('tried')}; process.exit(again ? 0 : 6)`
  scene.run('task', script('app', twice), { restartPolicy })
  await eventually(() => expect(scene.pod('task')?.status?.phase).toBe(phase))
  const exitCode = phase === 'Failed' ? 6 : 0
  expect(scene.pod('task')?.status?.containerStatuses).toMatchObject([
    { restartCount, ready: false, state: { terminated: { exitCode } } },
  ])
})

it('does not run a task again that ended under an earlier agent', async () => {
  const scene = await stage()
  const first = await scene.start()
  scene.run('task', script('app', say('ran')), { restartPolicy: 'Never' })
  await eventually(() => expect(scene.pod('task')?.status?.phase).toBe('Succeeded'))
  await first.stop()
  await scene.start()
  scene.run('web')
  await served(scene, 'web')
  expect(scene.file('task', 'order')).toBe('ran ')
  expect(scene.pod('task')?.status?.phase).toBe('Succeeded')
})
