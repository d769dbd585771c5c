import { abortable, pause } from './abort.ts'
import { describeError, isAlreadyExists, isConflict } from './errors.ts'
import type { Kube, KubeObject, Log, Resource } from './types.ts'

export type LeaseOptions = {
  kube: Pick<Kube, 'get' | 'create' | 'mergePatch'>
  namespace: string
  name: string
  /** Who we are, unlike everybody else who wants the lease. */
  identity: string
  log: Log
  /** Told once per change. */
  onChange: (held: boolean) => void
  /** A holder that says nothing for so long has lost it. Whole seconds; default 10 s. */
  durationMs?: number
  /** A holder renews, and others look, so often. Default 3 s. */
  everyMs?: number
}

export type Lease = {
  held(): boolean
  /** Who holds it as far as we know. */
  holder(): string | undefined
  /** Gives it back, so that nobody has to wait for its end. */
  stop(): Promise<void>
}

/**
 * Wants a lease of the API server until stopped: at most one of those who do holds it. Time is measured by our own clock
 * from what we saw change, so that clocks may differ. Who cannot renew gives up before others may take over.
 */
export function wantLease({ durationMs = 10_000, everyMs = 3_000, ...options }: LeaseOptions): Lease {
  const want: Want = { ...options, durationMs, seen: undefined, lastMoment: undefined, isHeld: false }
  const end = new AbortController()
  const done = loop(want, everyMs, end.signal)
  return {
    held: () => want.isHeld,
    holder: () => want.seen?.record.spec.holderIdentity || undefined,
    async stop() {
      end.abort()
      await done
      clearTimeout(want.lastMoment)
      if (want.isHeld) await giveBack(want)
    },
  }
}

const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}

type Spec = {
  holderIdentity?: string
  leaseDurationSeconds?: number
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}
type Record = KubeObject & { spec: Spec }

type Want = Omit<LeaseOptions, 'durationMs' | 'everyMs'> & {
  durationMs: number
  /** The record as it was last, and since when it is like that, by our clock. */
  seen: { record: Record; at: number } | undefined
  lastMoment: NodeJS.Timeout | undefined
  isHeld: boolean
}

async function loop(want: Want, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      setHeld(want, await abortable(attempt(want), signal))
    } catch (error) {
      if (signal.aborted) return
      want.log.warn({ lease: want.name, error: describeError(error) }, 'the lease could not be asked for')
    }
    await pause(everyMs, signal)
  }
}

/** An answer may take long: whether it comes or not, a holder gives up after two thirds of what others wait for. */
function renewed(want: Want, asked: number): void {
  clearTimeout(want.lastMoment)
  want.lastMoment = setTimeout(() => setHeld(want, false), asked + (want.durationMs * 2) / 3 - performance.now())
}

/** Whether we hold it now. */
async function attempt(want: Want): Promise<boolean> {
  const { kube, namespace, name, identity } = want
  const asked = performance.now()
  if (want.isHeld && want.seen && (await claim(want, asked, want.seen.record))) return true
  const found = await kube.get<Record>({ resource: LEASES, namespace, name })
  if (!found) return claim(want, asked, undefined)
  if (found.metadata.resourceVersion !== want.seen?.record.metadata.resourceVersion) {
    want.seen = { record: found, at: performance.now() }
  }
  const { holderIdentity, leaseDurationSeconds = want.durationMs / 1_000 } = found.spec
  const isOver = performance.now() - (want.seen?.at ?? asked) > leaseDurationSeconds * 1_000
  return !holderIdentity || holderIdentity === identity || isOver ? claim(want, asked, found) : false
}

/** Of those who try at the same time one succeeds. */
async function claim(want: Want, asked: number, found: Record | undefined): Promise<boolean> {
  const { kube, namespace, name } = want
  const spec = specOf(want, found?.spec)
  try {
    const record = found
      ? await kube.mergePatch<Record>({ resource: LEASES, namespace, name }, patchOf(found, spec))
      : await kube.create<Record>(LEASES, { ...OBJECT, metadata: { name, namespace }, spec })
    want.seen = { record, at: performance.now() }
    renewed(want, asked)
    return true
  } catch (error) {
    if (!isConflict(error) && !isAlreadyExists(error)) throw error
    return false
  }
}

const OBJECT = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
const patchOf = ({ metadata: { resourceVersion } }: Record, spec: object) => ({ metadata: { resourceVersion }, spec })

function specOf({ identity, durationMs }: Want, before: Spec | undefined): Spec {
  const now = new Date().toISOString().replace('Z', '000Z')
  const held = { holderIdentity: identity, leaseDurationSeconds: durationMs / 1_000, renewTime: now }
  if (before?.holderIdentity === identity) return held
  return { ...held, acquireTime: now, leaseTransitions: before ? (before.leaseTransitions ?? 0) + 1 : 0 }
}

function setHeld(want: Want, held: boolean): void {
  if (want.isHeld === held) return
  want.isHeld = held
  want.log.info(
    { lease: want.name, holder: want.seen?.record.spec.holderIdentity },
    held ? 'lease taken' : 'lease lost',
  )
  want.onChange(held)
}

async function giveBack(want: Want): Promise<void> {
  const { kube, namespace, name, identity, log } = want
  const ref = { resource: LEASES, namespace, name }
  setHeld(want, false)
  try {
    const found = await kube.get<Record>(ref) // our last renewal may have come through after we stopped waiting for it
    if (found?.spec.holderIdentity === identity) await kube.mergePatch(ref, patchOf(found, { holderIdentity: '' }))
  } catch (error) {
    log.info({ lease: name, error: describeError(error) }, 'the lease was not given back: it ends by itself')
  }
}
