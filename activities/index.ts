import { beginAdoption, emptyDeclared, freeApex, letGo, unselectLeaving } from './adoption.ts'
import { lookBack } from './beginning.ts'
import { callback } from './callback.ts'
import { job, stopJob } from './job.ts'
import type { Deps } from './deps.ts'
import { readDecision, recordDecision } from './decision.ts'
import { recordEvent } from './events.ts'
import { awaitDeclared, beginReturn, finishReturn, sayReturning } from './handing-back.ts'
import { notify } from './notify.ts'
import { observe } from './observe.ts'
import { openRelease } from './open.ts'
import { replacePod } from './pods.ts'
import { prepareDestinations } from './destinations.ts'
import { awaitQuiet } from './quiet.ts'
import { awaitAddresses, awaitReady } from './ready.ts'
import { report } from './report.ts'
import {
  collect,
  ensureRevision,
  growRevisions,
  pointApex,
  prepare,
  prepareSide,
  removeRevision,
  secondLever,
} from './revisions.ts'
import { settle } from './settle.ts'
import { traced } from './tracing.ts'
import { restoreRoute, setTraffic } from './traffic.ts'
import { watch } from './watch.ts'
import { lookWhenOpen } from './window.ts'
import { webhook } from './webhook.ts'

export type { Deps } from './deps.ts'

/** The hands, one verb each, in three groups for three task queues. Their names are API: histories refer to them. */
export function createActivities(deps: Deps) {
  return {
    act: bind(deps, {
      observe,
      openRelease,
      prepare,
      prepareSide,
      prepareDestinations,
      ensureRevision,
      growRevisions,
      setTraffic,
      restoreRoute,
      pointApex,
      secondLever,
      removeRevision,
      replacePod,
      stopJob,
      collect,
      settle,
      beginAdoption,
      emptyDeclared,
      beginReturn,
      finishReturn,
      sayReturning,
      freeApex,
      unselectLeaving,
      letGo,
      report,
      readDecision,
      recordDecision,
      lookWhenOpen,
    }),
    watch: bind(deps, { watch, lookBack, awaitReady, awaitAddresses, awaitQuiet, awaitDeclared, webhook, job }),
    notify: bind(deps, { recordEvent, notify, callback }),
  }
}

type Activities = ReturnType<typeof createActivities>
export type ActActivities = Activities['act']
export type WatchActivities = Activities['watch']
export type NotifyActivities = Activities['notify']

type Verb = (deps: Deps, input: never) => Promise<unknown>
type Bound<V> = { [K in keyof V]: V[K] extends (deps: Deps, input: infer I) => infer R ? (input: I) => R : never }

const bind = <V extends Record<string, Verb>>(deps: Deps, verbs: V): Bound<V> =>
  Object.fromEntries(
    Object.entries(verbs).map(([name, verb]) => [
      name,
      (input: never) => traced(deps.site, name, input, () => verb(deps, input)),
    ]),
  ) as Bound<V>
