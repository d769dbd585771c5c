import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { endLeftovers } from '../../stack/node/agent.ts'
import { identify } from '../../tools/identity.ts'
import { readRecords, stage, served } from './stage.ts'

const MAIN = fileURLToPath(new URL('../../stack/node/main.ts', import.meta.url))

async function startMain(scene: { server: { kubeconfig: string }; stateDir: string }) {
  const args = [
    MAIN,
    '--kubeconfig',
    scene.server.kubeconfig,
    '--state-dir',
    scene.stateDir,
    '--endpoint-delay-ms',
    '0',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [words] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  expect(words).toBe('ready\n')
  return child
}

it('ends its pods before it ends itself', async () => {
  const scene = await stage()
  const agent = await startMain(scene)
  scene.run('web', { image: 'shop.local/checkout:1.4.0' })
  await served(scene, 'web')
  const [pod] = readRecords(scene)
  agent.kill('SIGTERM')
  expect(await once(agent, 'exit')).toEqual([0, null])
  expect(identify(pod!.pid)).toBeUndefined()
})

it('can be killed: what it leaves behind is known by pid and start time and is ended by whoever comes next', async () => {
  const scene = await stage()
  const agent = await startMain(scene)
  scene.run('web', { image: 'shop.local/checkout:1.4.0' })
  await served(scene, 'web')
  agent.kill('SIGKILL')
  await once(agent, 'exit')
  const [pod] = readRecords(scene)
  expect(identify(pod!.pid)).toEqual(pod)
  expect(await endLeftovers(scene.stateDir)).toBe(1)
  expect(identify(pod!.pid)).toBeUndefined()
  expect(await endLeftovers(scene.stateDir)).toBe(0)
})
