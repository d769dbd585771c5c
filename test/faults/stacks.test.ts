import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { createKube } from '../../kube/index.ts'
import { openStack, type Stack, startStack } from '../../stack/index.ts'
import { CONFIG_MAPS, PODS, type Pod } from '../../stack/node/pod.ts'
import type { ProcessIdentity } from '../../tools/identity.ts'
import { identify } from '../../tools/identity.ts'

const SERVERS = ['etcd', 'apiserver', 'controllers', 'istiod', 'gateway', 'prometheus', 'temporal', 'agent'] as const
const DOOR = fileURLToPath(new URL('../../stack/index.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'sluice-stacks-'))
const [first, second] = [join(home, 'first'), join(home, 'second')]
afterAll(async () => {
  await Promise.all([first, second].map((folder) => openStack(folder).stop()))
  rmSync(home, { recursive: true })
})

const pidsOf = (stack: Stack): (number | undefined)[] => SERVERS.map((name) => stack.server(name).pid())
const kubeOf = (stack: Stack) => createKube({ kubeconfig: stack.kubeconfigs.admin })

/** A process that owns a stack; resolves when the stack is up. */
async function startOwner(stateDir: string) {
  const source = `import { startStack } from ${JSON.stringify(DOOR)}
    await startStack({ stateDir: ${JSON.stringify(stateDir)} }); console.log('up'); setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: owner.stdout })) if (line === 'up') return owner
  throw new Error('the owner ended before its stack was up')
}

async function runPod(stack: Stack, name: string): Promise<void> {
  const kube = kubeOf(stack)
  const ports = [{ name: 'http', containerPort: 8080 }]
  const readinessProbe = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 }
  const containers = [{ name: 'app', image: 'shop.local/catalog:2.1.0', ports, readinessProbe }]
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers } }
  await expect.poll(() => kube.create(PODS, pod).then(String, String), { timeout: 30_000 }).toMatch(/object|exists/)
  await expect.poll(() => readyOf(stack, name), { timeout: 30_000 }).toBe(true)
}

const readyOf = async (stack: Stack, name: string): Promise<boolean | undefined> => {
  const pod = await kubeOf(stack).get<Pod>({ resource: PODS, namespace: 'default', name })
  return pod?.status?.containerStatuses?.[0]?.ready
}

const podProcesses = (stateDir: string): ProcessIdentity[] =>
  JSON.parse(readFileSync(join(stateDir, 'pods', 'processes.json'), 'utf8')) as ProcessIdentity[]

test('what is left of a stack whose owner and guard were killed ends when the next one starts, wherever', async () => {
  const owner = await startOwner(first)
  const left = openStack(first)
  await runPod(left, 'left-behind')
  const [pod] = podProcesses(first)
  const { guard } = JSON.parse(readFileSync(join(first, 'run', 'owner.json'), 'utf8')) as { guard: ProcessIdentity }
  process.kill(guard.pid, 'SIGKILL')
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(pidsOf(left)).not.toContain(undefined)

  const stack = await startStack({ stateDir: second })
  expect(pidsOf(stack)).not.toContain(undefined)
  expect(new Set(pidsOf(left))).toEqual(new Set([undefined]))
  expect(identify(pod!.pid)).toBeUndefined()
})

test('two stacks run side by side and know nothing of each other', async () => {
  const [one, other] = [await startStack({ stateDir: first }), openStack(second)]
  const metadata = { name: 'here', namespace: 'default' }
  await kubeOf(one).create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  expect(await kubeOf(other).get({ resource: CONFIG_MAPS, ...metadata })).toBeUndefined()
  await runPod(one, 'left-behind')
  await runPod(other, 'beside')
  await one.stop()
  expect(pidsOf(other)).not.toContain(undefined)
  expect(await readyOf(other, 'beside')).toBe(true)
})

test('after everything was killed at once it comes up again with its data, pods included', async () => {
  const stack = openStack(second)
  const [pod] = podProcesses(second)
  const all = [...pidsOf(stack), pod?.pid].flatMap((pid) => pid ?? [])
  for (const pid of all) process.kill(pid, 'SIGKILL')
  const again = await startStack({ stateDir: second })
  await expect.poll(() => readyOf(again, 'beside'), { timeout: 30_000 }).toBe(true)
  expect(podProcesses(second).map(({ pid }) => pid)).not.toContain(pod?.pid)
})

test('a stack that lost some of its servers is brought up whole', async () => {
  await openStack(second).stop()
  const stack = await startStack({ stateDir: second, owned: false })
  await Promise.all([stack.server('istiod').kill(), stack.server('agent').kill()])
  await startStack({ stateDir: second, owned: false })
  expect(pidsOf(stack)).not.toContain(undefined)
  await expect(startStack({ stateDir: second })).rejects.toThrow(/a stack runs in .* already/)
})
