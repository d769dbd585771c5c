import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test, vi } from 'vitest'
import { CHANNELS, ROLLOUTS, SECRETS } from '../../crds/resources.ts'
import type { KubeObject } from '../../kube/index.ts'
import { startReceiver } from '../fakes/receiver.ts'
import { plan, rehearse, setWeight, told } from '../rehearsals/play.ts'
import { rolloutManifest } from '../stage/shop.ts'
import { phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const { begin } = rehearse()

const channel = ({ namespace }: Stage, name: string, spec: object): KubeObject =>
  ({ apiVersion: 'sluice.dev/v1alpha1', kind: 'Channel', metadata: { name, namespace }, spec }) as KubeObject

/** Nothing can be run from it. */
function misnamed({ namespace }: Stage, spec: object): KubeObject {
  const router = { istio: { virtualServices: [{ name: 'nowhere', routes: ['primary'] }] } }
  const service = { name: 'misnamed', ports: [{ name: 'http', port: 80, targetPort: 'http' }] }
  const own = { ...spec, service, router }
  const whole = rolloutManifest(namespace, { version: '1.4.0', steps: [{ setWeight: 20 }], spec: own })
  return { ...whole, metadata: { namespace, name: 'misnamed' } }
}

test.concurrent(
  'people are told what waits, what stands still and how a release ended, once each and signed',
  async () => {
    await using stage = await openStage({ access, name: 'told' })
    await using receiver = await startReceiver()
    const { namespace } = stage
    const data = { signature: btoa('what-both-sides-know') }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'notifications', namespace }, data }
    const args = ['apply', '-n', namespace, '-k', 'deploy/components/notification-secrets']
    await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args], { timeout: 30_000 })
    await stage.kube.create(SECRETS, secret)
    const webhook = { url: `${receiver.url}/in`, signedBy: { secret: 'notifications', key: 'signature' } }
    await stage.kube.create(CHANNELS, channel(stage, 'people', { webhook }))

    const steps = [{ setWeight: 20 }, { approve: { name: 'go' } }]
    const notify = [{ channel: 'people' }, { channel: 'people', on: ['GateApproved'] }]
    await stage.kube.create(ROLLOUTS, misnamed(stage, { notify: [{ channel: 'people' }] }))
    await stage.install({ version: '1.4.0', steps, spec: { notify } })
    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    await stage.say('approve')
    await stage.until('1.5.0 is promoted', (sight) => phaseOf(sight) === 'Promoted')
    const heard = (): string[] =>
      receiver.received.filter(({ body }) => body['release'] === 2).map(({ body }) => String(body['reason']))
    await vi.waitFor(() => expect(heard()).toHaveLength(3), { timeout: 30_000, interval: 100 })
    expect(new Set(heard())).toEqual(new Set(['ApprovalNeeded', 'GateApproved', 'Promoted']))
    for (const { headers, body } of receiver.received) {
      expect(headers['sluice-signature']).toMatch(/^v1=[0-9a-f]{64}$/)
      expect(body).toMatchObject({ namespace })
    }
    const ofMisnamed = (): unknown[] =>
      receiver.received.map(({ body }) => body).filter(({ rollout }) => rollout === 'misnamed')
    await vi.waitFor(() => expect(ofMisnamed()).toHaveLength(1), { timeout: 90_000, interval: 500 })
    expect(ofMisnamed()).toMatchObject([{ reason: 'InvalidSpec', severity: 'warning' }])
  },
)

test.concurrent('what is no Channel, and what nobody ever says, is refused at kubectl apply', async () => {
  await using stage = await openStage({ access, name: 'told-refused' })
  const url = { secret: 'notifications', key: 'url' }
  const both = channel(stage, 'both', { slack: { url }, discord: { url } })
  await expect(stage.kube.create(CHANNELS, both)).rejects.toThrow('a channel is exactly one of slack, teams')
  const none = channel(stage, 'none', {})
  await expect(stage.kube.create(CHANNELS, none)).rejects.toThrow('a channel is exactly one of slack, teams')
  const to = ['ada@shop.example, mallory@elsewhere.example']
  const letters = channel(stage, 'letters', { email: { host: 'mail', from: 'sluice@shop.example', to } })
  await expect(stage.kube.create(CHANNELS, letters)).rejects.toThrow('must be an e-mail address and nothing besides')
  const spec = { notify: [{ channel: 'people', on: ['Promotet'] }] }
  await expect(stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }], spec })).rejects.toThrow('Promotet')
})

test.concurrent('a sink that is dead delays no release, nor anybody else who is told, and is told itself', async () => {
  const silence = Promise.withResolvers<void>()
  const { world, handle } = await begin('dead-sink', plan(setWeight(20), setWeight(60)), {
    given(world) {
      const on = ['Promoted'] as const
      world.picture.settings.notify = ['dead', 'alive'].map((channel) => ({ channel, on, severity: 'info' }))
      world.whileNotifying = (channel) => (channel === 'dead' ? silence.promise : Promise.resolve())
    },
  })
  await told(world, ({ outcome }) => outcome === 'Promoted')
  await world.until(() => world.notices.some(({ channel, reason }) => channel === 'alive' && reason === 'Promoted'))
  await handle.result()
  silence.reject(new Error('nobody answers there'))
  const failed = (): typeof world.events => world.events.filter(({ reason }) => reason === 'NotificationFailed')
  await world.until(() => failed().length > 0)
  expect(failed()).toEqual([
    {
      type: 'Warning',
      reason: 'NotificationFailed',
      message: 'Channel dead was not told Promoted, which is tried for 6 hours: nobody answers there',
    },
  ])
  expect(world.notices.map(({ channel }) => channel)).toEqual(['alive'])
})
