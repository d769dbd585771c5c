import { readFile } from 'node:fs/promises'
import { expect, inject, test } from 'vitest'
import { releasePage } from '../../api/schema.ts'
import type { GateView, Me, ReleaseView, RolloutView } from '../../api/views.ts'
import { listen } from '../api/listener.ts'
import { eventually } from '../patience.ts'
import { startApiProcess, tokenOf } from '../stage/api.ts'
import { analysisOf } from '../stage/shop.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')
const { kubeconfigs } = access

/** Reads and says things as the people of the stack. */
async function people(url: string) {
  const tokens = { alice: await tokenOf(kubeconfigs.alice), bob: await tokenOf(kubeconfigs.bob) }
  const ask = async (who: keyof typeof tokens, path: string, body?: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      headers: {
        authorization: `Bearer ${tokens[who]}`,
        ...(body ? { 'content-type': 'application/json', 'x-sluice-csrf': '1' } : {}),
      },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    })
  return { tokens, ask, read: async <T>(path: string) => (await (await ask('alice', path)).json()) as T }
}

test.concurrent(
  'whoever looks sees a release as it goes on and opens its gate, and the API survives its own death',
  async () => {
    await using stage = await openStage({ access, name: 'looked-at' })
    await using api = await startApiProcess(access)
    const { tokens, ask, read } = await people(api.url)
    const key = `${stage.namespace}/checkout`
    await stage.install({
      version: '1.4.0',
      steps: [{ setWeight: 25 }, { analyze: { for: '4s' } }, { approve: { name: 'go-wide' } }],
      analysis: analysisOf(access.prometheus, { slowerThan: '250ms' }),
    })
    const fleet = await listen(`${api.url}/api/stream`, { token: tokens.bob })
    const { rollouts } = await fleet.next<{ rollouts: RolloutView[] }>('snapshot')
    expect(rollouts.find((line) => line.key === key)).toMatchObject({ phase: 'Promoted', weight: 0 })
    const page = await listen(`${api.url}/api/rollouts/${key}/stream`, { token: tokens.alice })
    stage.load({ rps: 60 })

    await stage.push({ version: '1.5.0' })
    await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
    const waiting = await eventually(() => {
      const line = fleet.all<RolloutView>('rollout').findLast((one) => one.key === key)
      expect(line).toMatchObject({ phase: 'AwaitingApproval', gate: 'go-wide', need: 'approve', weight: 25 })
      return line!
    })
    const told = await eventually(() => {
      const last = releasePage.parse(page.all('page').at(-1))
      expect(last.rollout).toEqual(waiting)
      expect(last.release?.rows.length).toBeGreaterThan(0)
      return last
    })
    expect(told.pods.map(({ revision }) => revision)).toEqual(expect.arrayContaining([waiting.stable, waiting.canary]))
    expect(told.events.map(({ reason }) => reason)).toContain('ApprovalNeeded')
    expect(told.release?.rows.some(({ metrics }) => (metrics.errors?.canary[0] ?? 0) > 0)).toBe(true)
    expect(told.release?.workflowUrl).toBe(
      `http://temporal.local/namespaces/default/workflows/${encodeURIComponent(`local/${key}`)}`,
    )
    expect(told.may).toMatchObject({ approve: true, abort: true, promote: false })

    const approval = { release: 2, revision: waiting.canary, gate: 'go-wide', action: 'approve' }
    const refused = await ask('bob', `/api/rollouts/${key}/decisions`, approval)
    expect(refused.status).toBe(403)
    expect(((await refused.json()) as { error: string }).error).toContain('bob')
    const gates = await read<GateView[]>('/api/gates')
    expect(gates.find(({ rollout }) => rollout.key === key)).toMatchObject({ gate: 'go-wide', mayApprove: true })

    await api.kill()
    await api.start()
    const again = await listen(`${api.url}/api/stream`, { token: tokens.bob, lastEventId: fleet.lastId() })
    expect((await again.next<{ rollouts: RolloutView[] }>('snapshot')).rollouts).toContainEqual(waiting)
    const said = await ask('alice', `/api/rollouts/${key}/decisions`, { ...approval, reason: 'looks fine' })
    expect([said.status, await said.json()]).toEqual([201, expect.objectContaining({ by: 'alice', gate: 'go-wide' })])
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
    const after = await listen(`${api.url}/api/rollouts/${key}/stream`, { token: tokens.alice })
    await eventually(() => {
      const { rollout, decisions } = releasePage.parse(after.all('page').at(-1))
      expect(rollout.phase).toBe('Promoted')
      expect(decisions).toMatchObject([{ by: 'alice', action: 'approve', outcome: 'Applied', reason: 'looks fine' }])
    })
    const history = await read<ReleaseView[]>(`/api/rollouts/${key}/releases`)
    expect(history.map(({ number }) => number)).toEqual([2, 1])
    const me = (await (await ask('bob', '/api/me')).json()) as Me
    expect(me).toMatchObject({ name: 'bob', groups: expect.arrayContaining(['viewers']) as string[] })
    const log = await readFile(api.logFile, 'utf8')
    for (const token of Object.values(tokens)) expect(log).not.toContain(token)
  },
)
