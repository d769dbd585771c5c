import { expect, it } from 'vitest'
import { eventually } from '../patience.ts'
import { served, stage, type Stage } from './stage.ts'

const container = (scene: Stage, name: string) => scene.pod(name)?.status?.containerStatuses?.[0]
const QUICK = { periodSeconds: 0.05, failureThreshold: 2 }

async function tell(scene: Stage, name: string, path: string): Promise<void> {
  const { address, ports } = await served(scene, name)
  await fetch(`http://${address}:${ports.http}${path}`)
}

it('restarts what fails its liveness probe, and says why', async () => {
  const scene = await stage()
  await scene.start()
  const httpGet = { path: '/alive', port: 'http' }
  scene.run('web', { startupProbe: { httpGet }, livenessProbe: { ...QUICK, httpGet } })
  await tell(scene, 'web', '/sick')
  await eventually(() =>
    expect(container(scene, 'web')).toMatchObject({
      restartCount: 1,
      ready: true,
      state: { running: {} },
      lastState: { terminated: { exitCode: 143, reason: 'Error' } },
    }),
  )
  const notes = scene.events('web').map(({ reason, note }) => `${reason}: ${note}`)
  expect(notes).toContain('Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 503')
  expect(notes).toContain('Killing: Container app failed liveness probe, will be restarted')
})

it('asks with a command of the container where that is declared', async () => {
  const scene = await stage()
  await scene.start()
  const command = [process.execPath, '-e', 'process.exit(process.env.COLOUR === "blue" ? 0 : 3)']
  scene.run('blue', { readinessProbe: { ...QUICK, exec: { command } }, env: [{ name: 'COLOUR', value: 'blue' }] })
  scene.run('red', { livenessProbe: { ...QUICK, exec: { command } }, env: [{ name: 'COLOUR', value: 'red' }] })
  await served(scene, 'blue')
  await eventually(() => expect(container(scene, 'red')?.restartCount).toBeGreaterThan(0))
  expect(scene.events('red').map(({ note }) => note)).toContain('Liveness probe failed: command exited with 3')
})

it('asks nothing else before the startup probe has succeeded', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('slow', {
    startupProbe: { periodSeconds: 60, failureThreshold: 3, tcpSocket: { port: 'http' } },
    livenessProbe: { ...QUICK, failureThreshold: 1, httpGet: { path: '/', port: 'http' } },
  })
  await served(scene, 'slow')
  expect(container(scene, 'slow')).toMatchObject({ restartCount: 0, started: true })
})

/** Writes down when it is told to go, and when it is asked to. */
const DIARY = `
  const write = (line) => require('fs').appendFileSync(process.env.CONTAINER_ROOT + '/../../diary', line + '\\n')
  require('http').createServer((q, r) => { if (q.url === '/leave') write('hook'); r.end() })
    .listen(process.env.PORT, '127.0.0.1')
  process.on('SIGTERM', () => { write('term'); process.exit(0) })`

it.for([
  ['a request', { httpGet: { path: '/leave', port: 'http' } }],
  [
    'a command',
    { exec: { command: [process.execPath, '-e', `require('fs').appendFileSync('../../diary', 'hook\\n')`] } },
  ],
] as const)('does %s before SIGTERM', async ([, preStop]) => {
  const scene = await stage()
  await scene.start()
  const readinessProbe = { ...QUICK, httpGet: { path: '/', port: 'http' } }
  scene.run('web', { image: 'test/script', args: [DIARY], lifecycle: { preStop }, readinessProbe })
  await served(scene, 'web')
  scene.remove('web')
  await eventually(() => expect(container(scene, 'web')?.state).toMatchObject({ terminated: { exitCode: 0 } }))
  expect(scene.file('web', 'diary')).toBe('hook\nterm\n')
})

it('does not let a hook take more than the grace period', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web', { lifecycle: { preStop: { sleep: { seconds: 3_600 } } } })
  await served(scene, 'web')
  scene.remove('web', 1)
  await eventually(() => expect(container(scene, 'web')?.state).toMatchObject({ terminated: { exitCode: 143 } }))
})

it('tells of a hook that fails', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('web', { lifecycle: { preStop: { exec: { command: [process.execPath, '-e', 'process.exit(4)'] } } } })
  await served(scene, 'web')
  scene.remove('web')
  await eventually(() => expect(scene.events('web').map(({ reason }) => reason)).toContain('FailedPreStopHook'))
})
