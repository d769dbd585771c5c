import type { Samplers } from '../analysis/sampler.ts'
import type { Kube, Recorder } from '../kube/index.ts'
import type { Reach } from '../network/reach.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { Router } from '../router/router.ts'
import type { Site } from './channels/message.ts'
import type { Workload } from '../workload/workload.ts'

/** What the hands work with; built in `main.ts`, replaced by fakes in tests. */
export type Deps = {
  kube: Kube
  router: Router
  workload: Workload
  samplers: Samplers
  events: Recorder
  metrics: Pick<Metrics, 'analysisVerdicts' | 'rollbacks' | 'releases' | 'rolloutDuration' | 'notifications'>
  site: Site
  /** What addresses of callbacks are signed with; the API knows the same. */
  callbackSecret?: string | undefined
  /** Whom webhooks and Channels may name. */
  reach: Reach
  /** Epoch milliseconds. */
  now: () => number
}
