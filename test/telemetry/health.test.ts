import { onTestFinished, describe, expect, it } from 'vitest'
import { createMetrics, startHealthServer, type Probe } from '../../telemetry/index.ts'

async function serve(ready: Record<string, Probe>, facts: Record<string, () => string | undefined> = {}) {
  const metrics = createMetrics()
  const server = await startHealthServer({ port: 0, host: '127.0.0.1', live: {}, ready, facts, metrics })
  onTestFinished(() => server.close())
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`)
    return { status: response.status, text: await response.text() }
  }
  return { get, metrics }
}

describe('the health server', () => {
  it('is ready when every probe is content, and names the one that is not', async () => {
    let trouble: string | undefined = 'cannot be reached'
    const { get } = await serve({ caches: () => undefined, temporal: async () => trouble })
    expect(await get('/readyz')).toEqual({ status: 503, text: 'caches: ok\ntemporal: cannot be reached\n' })
    trouble = undefined
    expect(await get('/readyz')).toEqual({ status: 200, text: 'caches: ok\ntemporal: ok\n' })
    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/secrets')).status).toBe(404)
  })

  it('says facts beside its readiness, as far as there are any', async () => {
    const { get } = await serve({ caches: () => undefined }, { leader: () => 'engine-1', other: () => undefined })
    expect(await get('/readyz')).toEqual({ status: 200, text: 'caches: ok\nleader: engine-1\n' })
  })

  it('takes a probe that throws as trouble', async () => {
    const { get } = await serve({
      temporal: () => {
        throw new Error('no connection')
      },
    })
    expect(await get('/readyz')).toEqual({ status: 503, text: 'temporal: no connection\n' })
  })

  it('serves the metrics', async () => {
    const { get, metrics } = await serve({})
    metrics.reconciles.inc({ result: 'success' })
    metrics.rollbacks.inc({ namespace: 'shop', name: 'checkout', reason: 'evidence' })
    const { text } = await get('/metrics')
    expect(text).toContain('sluice_reconcile_total{result="success"} 1')
    expect(text).toContain('sluice_rollbacks_total{namespace="shop",name="checkout",reason="evidence"} 1')
  })

  it('shows a Rollout as it is, and nothing of one that is gone', async () => {
    const { get, metrics } = await serve({})
    const rollout = { namespace: 'shop', name: 'checkout' }
    metrics.setRollout({ ...rollout, weight: 5, conditions: [{ type: 'Ready', status: 'Unknown' }], waits: false })
    metrics.setRollout({ ...rollout, weight: 0, conditions: [{ type: 'Ready', status: 'True' }], waits: false })
    const { text } = await get('/metrics')
    expect(text).toContain('sluice_rollout_weight{namespace="shop",name="checkout"} 0')
    expect(text.match(/sluice_rollout_condition{.*/g)).toEqual([
      'sluice_rollout_condition{namespace="shop",name="checkout",type="Ready",status="True"} 1',
    ])
    metrics.forgetRollout(rollout)
    expect((await get('/metrics')).text).not.toContain('checkout')
  })
})
