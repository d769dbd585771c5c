import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { createKube } from '../../kube/index.ts'
import { openStack, type Stack, startStack } from '../../stack/index.ts'
import { eventually } from '../patience.ts'

const MAIN = fileURLToPath(new URL('../../stack/main.ts', import.meta.url))
const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
const VIRTUAL_SERVICES = {
  group: 'networking.istio.io',
  version: 'v1',
  plural: 'virtualservices',
  kind: 'VirtualService',
  namespaced: true,
}
const SERVERS = ['etcd', 'apiserver', 'controllers', 'istiod', 'gateway', 'prometheus', 'temporal', 'agent'] as const
const GONE_MS = 30_000

const stateDir = mkdtempSync(join(tmpdir(), 'sluice-stack-'))
let stack: Stack
afterAll(async () => {
  await openStack(stateDir).stop()
  rmSync(stateDir, { recursive: true })
})

function running(): string[] {
  return SERVERS.filter((name) => openStack(stateDir).server(name).pid() !== undefined)
}

/** `stack ARGS` as a person types it. */
async function command(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--state-dir', stateDir, ...args])
  return stdout
}

async function untilSaid(child: ChildProcess, words: string): Promise<void> {
  for await (const line of createInterface({ input: child.stdout! })) if (line.includes(words)) return
  throw new Error(`it ended without saying ${words}`)
}

test('an `up` that is killed in the middle leaves nothing running', async () => {
  const up = spawn(process.execPath, [MAIN, '--state-dir', stateDir, 'up'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await untilSaid(up, 'etcd is ready')
  up.kill('SIGKILL')
  await once(up, 'exit')
  await eventually(() => expect(running()).toEqual([]), GONE_MS)
})

test('what was started is healthy, and is not started twice', async () => {
  stack = await startStack({ stateDir })
  const status = await command('status')
  expect(status.match(/ healthy /g)).toHaveLength(SERVERS.length)
  await expect(startStack({ stateDir })).rejects.toThrow(/a stack runs in .* already/)
  const { status: answer } = await fetch(stack.urls.gateway)
  expect(answer).toBe(404)
})

test('people have the rights of their roles', async () => {
  const mayAbort = (who: string) =>
    command('kubectl', 'auth', 'can-i', 'create', 'rollouts.sluice.dev', '--subresource=abort', '--as', who).catch(
      ({ stdout }: { stdout: string }) => stdout,
    )
  expect(await mayAbort('ada')).toBe('yes\n')
  expect(await mayAbort('alice')).toBe('yes\n')
  expect(await mayAbort('bob')).toBe('no\n')
})

test('istiod judges mesh objects', async () => {
  const route = [{ destination: { host: 'nobody' }, weight: -5 }]
  const wrong = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'wrong', namespace: 'default' },
    spec: { hosts: ['nobody'], http: [{ route }] },
  }
  const applied = createKube({ kubeconfig: stack.kubeconfigs.admin }).create(VIRTUAL_SERVICES, wrong)
  await expect(applied).rejects.toThrow(/validation\.istio\.io.*weight -5/)
})

test('after the loss of every server all of them go on with their data', async () => {
  const kube = createKube({ kubeconfig: stack.kubeconfigs.admin })
  const metadata = { name: 'kept', namespace: 'default' }
  await kube.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  await Promise.all(SERVERS.map((name) => stack.server(name).kill()))
  expect(running()).toEqual([])
  for (const name of SERVERS) await stack.server(name).start()
  expect(await kube.get({ resource: CONFIG_MAPS, ...metadata })).toMatchObject({ metadata })
  expect(readFileSync(stack.auditLog, 'utf8')).toMatch(/"verb":"create","user":{"username":"admin"/)
})

test('`down` ends all of it', async () => {
  await command('down')
  expect(running()).toEqual([])
})
