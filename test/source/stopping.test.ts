import { expect, it, onTestFinished } from 'vitest'
import { SOURCES } from '../../crds/resources.ts'
import { createKube, createRecorder } from '../../kube/index.ts'
import { createReach } from '../../network/reach.ts'
import { startSources } from '../../source/index.ts'
import { startApiServer } from '../fakes/api-server.ts'
import { listen } from '../kube/stage.ts'
import { eventually } from '../patience.ts'

it('ends however early it is told to, also while it is still getting ready', async () => {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  server.serves([SOURCES])
  const { kubeconfig } = server
  const kube = createKube({ kubeconfig })
  const options = {
    kube,
    door: (token: string) => createKube({ kubeconfig, token }),
    reach: createReach({ refuses: 'local' }),
    events: createRecorder({ kube, controller: 'sluice.dev/test', instance: '1' }),
  }
  // The answer to the first question is on its way when it is told to end.
  for (const asked of [1, 2, 3, 4, 5]) {
    const sources = startSources({ ...options, log: listen().log })
    await eventually(() => expect(server.requests.length).toBeGreaterThanOrEqual(asked))
    await sources.stop()
  }
  const late = startSources({ ...options, log: listen().log })
  await late.stop()
})
