import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, inject, onTestFinished, test } from 'vitest'
import { startLoad } from '../../demo/load.ts'
import type { Files } from '../source/repository.ts'
import { openSourceStage } from '../stage/source.ts'

const access = inject('access')
/** The demo's manifests name it. */
const NAMESPACE = 'shop'
const HOST = 'diff.shop.local'
const SHOP = new URL('../../demo/shop/', import.meta.url)

test('kubectl diff of the demo’s Git against the cluster is empty at rest, and shows one route during a release', async () => {
  const files = shopOfADemo()
  await using source = await openSourceStage({ access, name: NAMESPACE, files })
  const { stage, repository, hook } = source
  await stage.until('the first is there', ({ rollout }) => rollout?.status?.lastRelease?.number === 1)
  expect(await diff(repository.clone)).toEqual([])

  const load = startLoad({ url: `${access.gateway}/checkout`, host: HOST, rps: 150 })
  onTestFinished(async () => void (await load.stop()))
  const checkout = files['checkout.yaml'] ?? ''
  repository.push({ 'checkout.yaml': checkout.replace('checkout:1.4.0', 'checkout:1.5.0') }, 'Faster')
  await hook()
  const canary = await stage.until(
    'the gate waits',
    ({ rollout }) => rollout?.status?.gate === 'go-wide' && rollout.status.canary,
  )
  expect(await diff(repository.clone)).toEqual([`networking.istio.io.v1.VirtualService.${NAMESPACE}.shop`])

  await stage.say('approve')
  await stage.until(
    'it is promoted',
    ({ rollout }) => rollout?.status?.lastRelease?.outcome === 'Promoted' && rollout.status.stable === canary,
  )
  expect(await diff(repository.clone)).toEqual([])
})

/** The demo's files, with steps that keep nobody waiting and a host of its own. */
function shopOfADemo(): Files {
  const read = (name: string): string =>
    readFileSync(new URL(name, SHOP), 'utf8')
      .replaceAll('http://prometheus.example:9090', access.prometheus)
      .replaceAll('for: 15s', 'for: 2s')
      .replace("hosts: ['*']", `hosts: [${HOST}]`)
  return Object.fromEntries(readdirSync(SHOP).map((name) => [name, read(name)]))
}

/** The objects in which the cluster differs, as kubectl names them. Throws with its words where it cannot tell. */
function diff(clone: string): Promise<string[]> {
  const args = ['--kubeconfig', access.kubeconfig, 'diff']
  const { promise, resolve, reject } = Promise.withResolvers<string[]>()
  execFile(access.kubectl, [...args, '-f', clone], (error, stdout, stderr) => {
    if (error && error.code !== 1) reject(new Error(`${stderr}${error.message}`))
    else resolve(stdout.split('\n').flatMap((line) => /^\+\+\+ \S*\/(\S+)/.exec(line)?.[1] ?? []))
  })
  return promise
}
