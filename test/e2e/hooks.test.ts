import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test, vi } from 'vitest'
import { JOBS, SECRETS } from '../../crds/resources.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { KubeObject } from '../../kube/index.ts'
import { startReceiver, type Receiver } from '../fakes/receiver.ts'
import { ROLLOUT } from '../stage/shop.ts'
import { outcomeOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

const statuses = (receiver: Receiver, ...codes: number[]): void => {
  let asked = 0
  receiver.answer = (response) => {
    const code = codes[Math.min(asked++, codes.length - 1)] ?? 500
    response.writeHead(code).end(code === 200 ? 'fine' : 'the price list is empty')
  }
}

/** The release of 1.5.0, once it has ended so. */
const ended = (stage: Stage, outcome: 'Promoted' | 'RolledBack'): Promise<Release> =>
  stage.until(`1.5.0 is ${outcome}`, (sight) => outcomeOf(sight, '1.5.0') === outcome && releaseOf(sight, '1.5.0'))

const entry = ({ status }: Release, event: string) => status?.timeline?.find((each) => each.event === event)

test.concurrent('a webhook is asked with a token of a Secret, and a second time after a no', async () => {
  await using stage = await openStage({ access, name: 'hook-yes' })
  await using receiver = await startReceiver()
  statuses(receiver, 503, 200)
  const data = { token: btoa('open-sesame-42') }
  await letReadSecrets(stage)
  const metadata = { name: 'webhook', namespace: stage.namespace }
  await stage.kube.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data } as KubeObject)
  const bearerToken = { secret: 'webhook', key: 'token' }
  const stable = await stage.install({
    version: '1.4.0',
    steps: [{ setWeight: 20 }, { webhook: { url: `${receiver.url}/ask`, bearerToken } }, { setWeight: 60 }],
  })
  await stage.push({ version: '1.5.0' })
  const release = await ended(stage, 'Promoted')
  expect(receiver.received).toHaveLength(2)
  expect(receiver.received[1]).toMatchObject({
    path: '/ask',
    headers: { authorization: 'Bearer open-sesame-42', 'sluice-attempt': '2' },
    body: { rollout: ROLLOUT, namespace: 'hook-yes', release: 2, step: 2, steps: 3, weight: 20, stable },
  })
  expect(receiver.received[1]?.headers['idempotency-key']).toBe(receiver.received[0]?.headers['idempotency-key'])
  expect(entry(release, 'WebhookPassed')?.message).toBe(`Release 2: Webhook ${receiver.url}/ask answered 200`)
  expect(JSON.stringify([release, stage.now().rollout])).not.toContain('open-sesame')
})

test.concurrent('a webhook that always says no sends the release back in its words', async () => {
  await using stage = await openStage({ access, name: 'hook-no' })
  await using receiver = await startReceiver()
  statuses(receiver, 500)
  const url = `${receiver.url}/ask`
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { webhook: { url, retries: 1 } }] })
  await stage.push({ version: '1.5.0' })
  const release = await ended(stage, 'RolledBack')
  expect(receiver.received).toHaveLength(2)
  const sentence = `Webhook ${url} answered 500: the price list is empty; attempt 2 of 2`
  expect(release.status?.message).toBe(`Rolled back: ${sentence}`)
  expect(entry(release, 'WebhookFailed')?.message).toBe(`Release 2: ${sentence}`)
})

const jobOf = (script: string): object => ({
  template: {
    spec: {
      containers: [{ name: 'smoke', image: 'shop.local/checkout:1.4.0', command: [process.execPath, '-e', script] }],
    },
  },
})

test.concurrent('a Job knows whom it is about, and a good end lets the release go on', async () => {
  await using stage = await openStage({ access, name: 'job-good' })
  const script = `console.log(process.env.SLUICE_SIDE_HOST + ' ' + process.env.SLUICE_RELEASE)`
  const stable = await stage.install({ version: '1.4.0', steps: [{ job: jobOf(script) }, { setWeight: 50 }] })
  await stage.push({ version: '1.5.0' })
  const release = await ended(stage, 'Promoted')
  const { revision } = release.spec
  expect(entry(release, 'JobPassed')).toMatchObject({
    message: `Release 2: Job ${ROLLOUT}-2-1 passed`,
    detail: `${ROLLOUT}-${revision}-x.job-good.svc.cluster.local 2`,
  })
  expect(revision).not.toBe(stable)
  const job = await stage.kube.get({ resource: JOBS, namespace: stage.namespace, name: `${ROLLOUT}-2-1` })
  expect(job?.metadata.ownerReferences).toMatchObject([{ kind: 'Release', name: `${ROLLOUT}-2` }])
})

test.concurrent('a Job that fails sends the release back, and the end of its log can be read in it', async () => {
  await using stage = await openStage({ access, name: 'job-bad' })
  const script = `for (let i = 1; i <= 30; i++) console.log('check ' + i); process.exit(3)`
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { job: jobOf(script) }, { setWeight: 50 }] })
  await stage.push({ version: '1.5.0' })
  const release = await ended(stage, 'RolledBack')
  expect(release.status?.message).toMatch(
    new RegExp(`^Rolled back: Job ${ROLLOUT}-2-2 failed: container smoke ended with exit code 3`),
  )
  const { detail = '' } = entry(release, 'JobFailed') ?? {}
  expect(detail.split('\n')).toEqual(Array.from({ length: 20 }, (_, index) => `check ${index + 11}`))
})

test.concurrent('an abort deletes a Job that runs', async () => {
  await using stage = await openStage({ access, name: 'job-abort' })
  const script = `setTimeout(() => undefined, 600_000)`
  await stage.install({ version: '1.4.0', steps: [{ job: jobOf(script) }, { setWeight: 50 }] })
  await stage.push({ version: '1.5.0' })
  const job = { resource: JOBS, namespace: stage.namespace, name: `${ROLLOUT}-2-1` }
  await stage.until('the Job runs', (sight) => sight.rollout?.status?.message === `Job ${ROLLOUT}-2-1 runs`)
  await vi.waitFor(async () => expect(await stage.kube.get(job)).toBeDefined(), { timeout: 60_000, interval: 200 })
  await stage.say('abort')
  await stage.until('1.5.0 is aborted', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
  await vi.waitFor(async () => expect(await stage.kube.get(job)).toBeUndefined(), { timeout: 60_000, interval: 200 })
})

test.concurrent('a Job whose pods the apex would send requests to is not run', async () => {
  await using stage = await openStage({ access, name: 'job-refused' })
  const { template } = jobOf('') as { template: { spec: object } }
  const labelled = { template: { ...template, metadata: { labels: { 'sluice.dev/rollout': ROLLOUT } } } }
  await stage.install({ version: '1.4.0', steps: [{ job: labelled }, { setWeight: 50 }] })
  await stage.push({ version: '1.5.0' })
  const release = await ended(stage, 'RolledBack')
  expect(release.status?.message).toContain('its template has the label sluice.dev/rollout')
})

/** As an operator lets the engine read the one Secret of the webhooks of a namespace. */
async function letReadSecrets({ namespace }: Stage): Promise<void> {
  const args = ['--kubeconfig', access.kubeconfig, 'apply', '-n', namespace, '-k', 'deploy/components/webhook-secrets']
  await promisify(execFile)(access.kubectl, args, { timeout: 30_000 })
}
