import { createHash } from 'node:crypto'
import { apiVersionOf } from './path.ts'
import { isAlreadyExists, isNotFound } from './errors.ts'
import type { Kube, KubeObject, Resource } from './types.ts'

/** What an Event is about; `uid` makes `kubectl describe` find it. */
export type Regarding = { resource: Resource; namespace: string; name: string; uid?: string }

export type EventOptions = {
  regarding: Regarding
  related?: Regarding
  type: 'Normal' | 'Warning'
  /** CamelCase, past tense. */
  reason: string
  /** What was done, CamelCase. */
  action: string
  /** One sentence; cut at 1024 characters, more is refused. */
  note: string
}

export type Recorder = {
  /** The same event again within the server's event lifetime (an hour) counts up. Errors are `ApiException`s. */
  record(event: EventOptions): Promise<void>
}

/** `controller`: domain-qualified name of who reports, `instance`: which process. Needs create and patch on events. */
export function createRecorder({
  kube,
  controller,
  instance,
}: {
  kube: Pick<Kube, 'create' | 'mergePatch'>
  controller: string
  instance: string
}): Recorder {
  return {
    async record(event) {
      const object = eventObject(event, controller, instance)
      try {
        await kube.create(EVENTS, object)
      } catch (error) {
        if (!isAlreadyExists(error)) throw error
        await countUp(kube, object)
      }
    },
  }
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true }

type EventObject = KubeObject & { metadata: { namespace: string }; series?: { count: number } }

// The name is made of the content: repeats meet the first one, in another process and after a lost answer too.
function eventObject(event: EventOptions, controller: string, instance: string): EventObject & Record<string, unknown> {
  const { regarding, related, type, reason, action } = event
  const note = event.note.length <= 1024 ? event.note : `${event.note.slice(0, 1023)}…`
  const identity = JSON.stringify([regarding.uid, regarding.name, type, reason, action, note])
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16)
  return {
    apiVersion: apiVersionOf(EVENTS),
    kind: EVENTS.kind,
    metadata: { namespace: regarding.namespace, name: `${regarding.name}.${digest}` },
    eventTime: microTime(),
    reportingController: controller,
    reportingInstance: instance,
    regarding: referenceTo(regarding),
    ...(related === undefined ? {} : { related: referenceTo(related) }),
    type,
    reason,
    action,
    note,
  }
}

async function countUp(kube: Pick<Kube, 'mergePatch'>, { metadata }: EventObject): Promise<void> {
  const ref = { resource: EVENTS, namespace: metadata.namespace, name: metadata.name }
  try {
    // An empty patch reads the event without the right to get events.
    const existing = await kube.mergePatch<EventObject>(ref, {})
    const count = (existing.series?.count ?? 1) + 1
    await kube.mergePatch(ref, { series: { count, lastObservedTime: microTime() } })
  } catch (error) {
    if (!isNotFound(error)) throw error // expired meanwhile, and with it the news
  }
}

function referenceTo({ resource, namespace, name, uid }: Regarding) {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
  }
}

/** The API server refuses event times without six decimals. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z')
