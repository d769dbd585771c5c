import type { Kube } from '../kube/index.ts'
import { affinity, inStep, prepare, prepareSide, release } from './istio/destination-rules.ts'
import { forget } from './istio/forgetting.ts'
import { observe } from './istio/observing.ts'
import { own } from './istio/owned.ts'
import { restore, setTraffic } from './istio/traffic.ts'
import type { Router } from './router.ts'

export { rollbackDirect } from './istio/direct.ts'
export type { Router, RouteRecord, RouteTarget } from './router.ts'

/** Adopts named http routes of existing VirtualServices. */
export function createIstioRouter({ kube }: { kube: Kube }): Router {
  return {
    own: (target, revision) => own(kube, target, revision),
    prepare: (target, revisions) => prepare(kube, target, revisions),
    prepareSide: (target, revision) => prepareSide(kube, target, revision),
    inStep: (target, revisions) => inStep(kube, target, revisions),
    affinity: (target) => affinity(kube, target),
    setTraffic: (target, traffic, write) => setTraffic({ kube, target, traffic, ...write }),
    observe: (target, aside) => observe(kube, target, aside),
    restore: (target, fence) => restore({ kube, target, fence }),
    forget: (target) => forget(kube, target),
    release: (target, revisions) => release(kube, target, revisions),
  }
}
