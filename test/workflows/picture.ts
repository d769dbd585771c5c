import type { Picture } from '../../activities/picture.ts'

export const rest = {
  found: true,
  atRest: true,
  weights: { aaa: 100 },
  record: { fence: 'u:1.3', stable: 'aaa', release: 1 },
}

/** A revision that serves, at rest, and nothing else declared. */
export const picture = (change: Partial<Picture> = {}): Picture => ({
  ref: { namespace: 'shop', name: 'checkout' },
  target: {
    namespace: 'shop',
    name: 'checkout',
    uid: 'u',
    router: { istio: { virtualServices: [{ name: 'checkout', routes: ['primary'] }] } },
    service: { name: 'checkout', ports: [] },
  },
  generation: 1,
  deleting: false,
  replicas: 3,
  suspend: false,
  onNewRevision: 'supersede',
  supersessions: 0,
  declared: { revision: 'aaa', isStable: true, rejected: false, restart: false },
  stable: 'aaa',
  stableReady: 3,
  route: rest,
  last: { number: 1, revision: 'aaa', outcome: 'Promoted' },
  nextNumber: 2,
  nextSeq: 3,
  unsettled: false,
  revisions: [{ revision: 'aaa', replicas: 3, ready: 3 }],
  settings: { settleMs: 500, scaleDownDelayMs: 0, abortScaleDownDelayMs: 0, drainMs: 0, progressDeadlineMs: 0 },
  ...change,
})
