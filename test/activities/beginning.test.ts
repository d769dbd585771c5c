import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it, onTestFinished } from 'vitest'
import { lookBack } from '../../activities/beginning.ts'
import type { Deps } from '../../activities/deps.ts'
import type { Policy } from '../../crds/policy.ts'
import { RELEASES } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { policy } from '../analysis/shop.ts'
import { startApiServer } from '../fakes/api-server.ts'

async function begin(cel: string, advisory = false) {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const { prometheus: _none, ...rest } = policy()
  const metrics: Policy['metrics'] = [{ name: 'queue', kind: 'gauge', query: 'queue', bounds: { cel }, advisory }]
  server.put(RELEASES, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Release',
    metadata: { name: 'checkout-2', namespace: 'shop' },
    spec: { policy: { ...rest, metrics } },
  })
  const ref = { namespace: 'shop', name: 'checkout' }
  const deps = { kube, now: Date.now } as Partial<Deps> as Deps
  return new MockActivityEnvironment().run(lookBack, deps, { ref, release: 2, epoch: 1, canary: 'bbb', stable: 'aaa' })
}

it('holds before anybody is on the canary where a bound cannot be judged by', async () => {
  expect(await begin('value <')).toEqual({
    hold: {
      reason: 'noData',
      sentence:
        'Holding at 0 %: the cel of queue cannot be judged by: Unexpected token: EOF; mend analysis.metrics and release again, or promote or abort.',
    },
  })
  expect(await begin('value < 1.0')).toEqual({})
})

it('does not hold for a bound that decides nothing', async () => {
  expect(await begin('value <', true)).toEqual({})
})
