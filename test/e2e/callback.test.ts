import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { addressesOf } from '../../activities/callback-address.ts'
import { CALLBACK_USER } from '../../crds/callback.ts'
import { startReceiver, type Receiver } from '../fakes/receiver.ts'
import { eventually } from '../patience.ts'
import { startApiProcess, type ApiProcess } from '../stage/api.ts'
import { outcomeOf, phaseOf, releaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

let api: ApiProcess
beforeAll(async () => {
  api = await startApiProcess(access)
})
afterAll(() => api[Symbol.asyncDispose]())

const letAnswer = async ({ namespace }: Stage): Promise<void> => {
  const args = ['apply', '-n', namespace, '-k', 'deploy/components/callbacks']
  await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args], { timeout: 30_000 })
}

async function atGate(stage: Stage, approve: object): Promise<void> {
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go', ...approve } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
}

/** The one message that came, with paths of the API instead of addresses where nobody is. */
async function told({ received }: Receiver): Promise<Record<string, unknown> & { approve: string; reject: string }> {
  await eventually(() => expect(received).toHaveLength(1))
  const body = received[0]?.body ?? {}
  const pathOf = (address: unknown): string => {
    const { pathname, search } = new URL(String(address))
    return `${pathname}${search}`
  }
  return { ...body, approve: pathOf(body['approveUrl']), reject: pathOf(body['rejectUrl']) }
}

const post = (path: string, body: object = {}): Promise<Response> =>
  fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const errorOf = async (answer: Response): Promise<string> => ((await answer.json()) as { error: string }).error

/** Everything that Temporal keeps of a workflow, as text. */
async function historyOf(workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: access.temporal })
  try {
    const history = await new Client({ connection }).workflow.getHandle(workflowId).fetchHistory()
    return JSON.stringify(history).replaceAll(/"data":"([\w+/=]*)"/g, (_, data: string) => atob(data))
  } finally {
    await connection.close()
  }
}

test.concurrent(
  'a gate is opened by the address that its callback was told, once, and by nobody who only looks',
  async () => {
    await using stage = await openStage({ access, name: 'callback-yes' })
    await using receiver = await startReceiver()
    await letAnswer(stage)
    await atGate(stage, { callback: { url: `${receiver.url}/gates` } })
    const { approve, reject, ...body } = await told(receiver)
    expect(body).toMatchObject({
      kind: 'Callback',
      namespace: 'callback-yes',
      rollout: 'checkout',
      release: 2,
      gate: 'go',
    })

    expect((await fetch(`${api.url}${approve}`)).status).toBe(200)
    expect((await fetch(`${api.url}${approve}`, { method: 'HEAD' })).status).toBe(200)
    expect(phaseOf(stage.now())).toBe('AwaitingApproval')
    expect(stage.now().decisions).toEqual([])

    const answer = await post(approve, { by: 'Grace', reason: 'change 4711' })
    expect([answer.status, await answer.json()]).toEqual([
      201,
      expect.objectContaining({ action: 'approve', by: CALLBACK_USER }),
    ])
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    const release = releaseOf(stage.now(), '1.5.0')
    expect(release?.status?.timeline?.find(({ event }) => event === 'GateApproved')?.message).toBe(
      `Gate go approved by ${CALLBACK_USER}: through its callback, by somebody who says to be Grace: change 4711`,
    )
    const [decision] = await stage.until(
      'the Decision is applied',
      ({ decisions }) => decisions.some(({ status }) => status?.outcome === 'Applied') && decisions,
    )
    expect(decision?.metadata.name).toBe(`checkout-${String(body['id'])}`)
    for (const path of [approve, reject]) {
      const again = await post(path)
      expect([again.status, await errorOf(again)]).toEqual([409, expect.stringContaining('was answered before')])
    }

    const logs = await Promise.all([...access.engineLogs, api.logFile].map((file) => readFile(file, 'utf8')))
    const history = await historyOf(`${access.cluster}/callback-yes/checkout/callbacks/${String(body['id'])}`)
    expect(history).toContain('"stepIndex":1')
    const said = [...logs, history, JSON.stringify([release, stage.now().rollout, stage.now().decisions])]
    for (const text of said) expect(text).not.toContain('eyJ')
  },
)

test.concurrent(
  'a no by address sends the release back; where the API may not answer, the API server says so',
  async () => {
    await using stage = await openStage({ access, name: 'callback-no' })
    await using receiver = await startReceiver()
    await atGate(stage, { callback: { url: receiver.url } })
    const { reject } = await told(receiver)
    const refused = await post(reject)
    expect([refused.status, await errorOf(refused)]).toEqual([
      403,
      expect.stringMatching(/^deploy\/components\/callbacks is what lets the API answer .*sluice-api" cannot create/),
    ])
    await letAnswer(stage)
    await eventually(async () => expect((await post(reject)).status).toBe(201))
    const release = await stage.until(
      'it is aborted',
      (sight) => outcomeOf(sight, '1.5.0') === 'Aborted' && releaseOf(sight, '1.5.0'),
    )
    expect(release.status?.message).toContain('rejected at gate go by system:serviceaccount:')
  },
)

test.concurrent('an ordinary gate is not opened by an address, whoever signed it', async () => {
  await using stage = await openStage({ access, name: 'callback-plain' })
  await letAnswer(stage)
  await atGate(stage, {})
  const { rollout } = stage.now()
  const { approve } = await addressesOf(
    {
      namespace: stage.namespace,
      rollout: 'checkout',
      uid: rollout?.metadata.uid ?? '',
      release: 2,
      revision: rollout?.status?.canary ?? '',
      gate: 'go',
      id: '6f0e2c5a-0000-4000-8000-000000000001',
      closesAt: Date.now() + 60_000,
    },
    { base: api.url, secret: await readFile(access.callbackSecret, 'utf8') },
  )
  const { pathname, search } = new URL(approve.url)
  await eventually(async () => expect((await post(`${pathname}${search}`)).status).toBe(201))
  const refused = await stage.until(
    'the engine refuses it',
    ({ decisions }) => decisions[0]?.status?.outcome === 'Refused' && decisions[0].status.message,
  )
  expect(refused).toContain('gate go does not count ServiceAccount sluice-system/sluice-api')
  expect(phaseOf(stage.now())).toBe('AwaitingApproval')
})

test.concurrent(
  'a callback that cannot tell who is the author, or where it goes, is refused at kubectl apply',
  async () => {
    await using stage = await openStage({ access, name: 'callback-refused' })
    const declare = (approve: object): Promise<string> =>
      stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go', ...approve } }] })
    const callback = { url: 'https://change.example/gates' }
    await expect(declare({ callback, notBy: 'author' })).rejects.toThrow('leave out notBy or callback')
    await expect(declare({ callback: { url: 'ftp://x' } })).rejects.toThrow('must begin with http:// or https://')
    await expect(declare({ callback: {} })).rejects.toThrow(/callback.url: Required value/)
  },
)
