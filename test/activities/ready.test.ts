import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, it } from 'vitest'
import { awaitAddresses } from '../../activities/ready.ts'
import type { Deps } from '../../activities/deps.ts'
import { PODS, SERVICES } from '../../crds/resources.ts'
import { createKube } from '../../kube/index.ts'
import { createLog } from '../../telemetry/index.ts'
import { createWorkload } from '../../workload/index.ts'
import type { Addressed } from '../../workload/workload.ts'
import { stage, REF } from './stage.ts'

const AN_HOUR = 3_600_000

async function apex() {
  const { server } = await stage({})
  const kube = createKube({ kubeconfig: server.kubeconfig })
  const deps = {
    workload: createWorkload({ kube, log: createLog({ level: 'silent', component: 'test' }) }),
    now: Date.now,
  } as unknown as Deps
  const wait = (tellAfterMs: number): Promise<Addressed> =>
    new MockActivityEnvironment().run(awaitAddresses, deps, { ref: REF, service: 'checkout', settleMs: 0, tellAfterMs })
  return { server, wait }
}

it('nobody waits for the addresses of a Service that is gone', async () => {
  const { wait } = await apex()
  expect(await wait(AN_HOUR)).toEqual({ waitingFor: 'there is no Service checkout', isGone: true })
})

it('of one that is there, what is missing is told after a while', async () => {
  const { server, wait } = await apex()
  const selector = { app: 'checkout' }
  const { namespace } = REF
  server.put(SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'checkout', namespace },
    spec: { selector },
  })
  const status = { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] }
  server.put(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'one', namespace, labels: selector },
    spec: {},
    status,
  })
  const { waitingFor } = await wait(300)
  expect(waitingFor).toContain('pod one is Ready, but Service checkout does not have its address yet')
})
