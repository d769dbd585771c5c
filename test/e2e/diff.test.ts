import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { decide } from '../../cli/update.ts'
import { ROLLOUTS } from '../../crds/resources.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { createRepository, type Repository } from '../../demo/repository.ts'
import { startSource } from '../../demo/source.ts'
import { createKube, type Kube } from '../../kube/index.ts'
import { startLoad } from '../../demo/load.ts'
import { eventually } from '../patience.ts'

const access = inject('access')
const NAMESPACE = 'shop'
const HOST = 'diff.shop.local'
const PATIENCE_MS = 90_000

test('kubectl diff of the demo’s Git against the cluster is empty at rest, and shows one route during a release', async () => {
  const kube = createKube({ kubeconfig: access.kubeconfig })
  const repository = await shopOfADemo()
  await applied(repository, kube)
  await until(kube, ({ status }) => status?.lastRelease?.number === 1)
  expect(await diff(repository)).toEqual([])

  const load = startLoad({ url: `${access.gateway}/checkout`, host: HOST, rps: 150 })
  onTestFinished(async () => void (await load.stop()))
  await repository.push({ file: 'checkout.yaml', replace: 'checkout:1.4.0', by: 'checkout:1.5.0', message: 'Faster' })
  const { status } = await until(kube, (rollout) => rollout.status?.gate === 'go-wide')
  expect(await diff(repository)).toEqual([`networking.istio.io.v1.VirtualService.${NAMESPACE}.shop`])

  const { release = 0, canary = '' } = status ?? {}
  const decision = {
    rollout: 'checkout',
    release,
    revision: canary,
    action: 'approve',
    gate: 'go-wide',
    by: 'ada',
  } as const
  await decide({ address: access.temporal, cluster: access.cluster, namespace: NAMESPACE, decision })
  await until(
    kube,
    (rollout) => rollout.status?.lastRelease?.outcome === 'Promoted' && rollout.status.stable === canary,
  )
  expect(await diff(repository)).toEqual([])
})

/** The demo's repository, with steps that keep nobody waiting and a host of its own. */
async function shopOfADemo(): Promise<Repository> {
  const directory = await mkdtemp(join(tmpdir(), 'diff-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const repository = await createRepository(directory, { prometheus: access.prometheus })
  const file = join(repository.clone, 'checkout.yaml')
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('for: 15s', 'for: 2s'))
  await repository.push({ file: 'routes.yaml', replace: "hosts: ['*']", by: `hosts: [${HOST}]`, message: 'A host' })
  return repository
}

async function applied({ remote }: Repository, kube: Kube): Promise<void> {
  const source = await startSource({ remote, kube, tell: () => undefined })
  onTestFinished(async () => {
    await source.stop()
    await kube.delete({
      resource: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
      name: NAMESPACE,
    })
  })
}

const until = (kube: Kube, is: (rollout: Rollout) => boolean): Promise<Rollout> =>
  eventually(async () => {
    const rollout = await kube.get<Rollout>({ resource: ROLLOUTS, namespace: NAMESPACE, name: 'checkout' })
    if (!rollout || !is(rollout)) throw new Error(`not yet: ${JSON.stringify(rollout?.status)}`)
    return rollout
  }, PATIENCE_MS)

/** The objects in which the cluster differs, as kubectl names them. Throws with its words where it cannot tell. */
function diff({ clone }: Repository): Promise<string[]> {
  const args = ['--kubeconfig', access.kubeconfig, 'diff']
  const { promise, resolve, reject } = Promise.withResolvers<string[]>()
  execFile(access.kubectl, [...args, '-f', clone], (error, stdout, stderr) => {
    if (error && error.code !== 1) reject(new Error(`${stderr}${error.message}`))
    else resolve(stdout.split('\n').flatMap((line) => /^\+\+\+ \S*\/(\S+)/.exec(line)?.[1] ?? []))
  })
  return promise
}
