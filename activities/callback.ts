import { Context } from '@temporalio/activity'
import { headersOf, isCertificate, maskOf } from '../analysis/reader/signing.ts'
import { API_VERSION } from '../crds/names.ts'
import type { Endpoint, Step } from '../crds/plan.ts'
import type { Release } from '../crds/schema/release.ts'
import { addressesOf } from './callback-address.ts'
import { linkOf } from './channels/message.ts'
import { credentialsOf } from './credentials.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { headersOfPost, post } from './posting.ts'
import { releaseAt } from './storage.ts'

export type CallbackInput = {
  ref: RolloutRef
  /** Of the Rollout. */
  uid: string
  release: number
  /** From 0. */
  stepIndex: number
  /** Percent. */
  weight: number
  /** Of the question: it is answered once. */
  id: string
  /** Epoch milliseconds: when the gate is no longer asked about. */
  closesAt: number
}

type Gate = Extract<Step, { kind: 'approve' }> & { callback: Endpoint }

const TIMEOUT_MS = 10_000

/**
 * Tells once where the gate can be answered; throws a sentence where that was not heard. Nothing happens where nobody waits
 * there any more. The addresses are made here and are nowhere else: not in the history, not in a log.
 */
export async function callback(deps: Deps, input: CallbackInput): Promise<void> {
  const release = await deps.kube.get<Release>(releaseAt(input.ref, input.release))
  const gate = release && gateThatWaits(release, input)
  if (!gate || deps.now() >= input.closesAt) return
  const { url } = gate.callback
  const credentials = await credentialsOf(deps, input.ref.namespace, gate.callback, {
    name: 'The callback',
    component: 'webhook-secrets',
  })
  const { caBundle } = credentials
  if (caBundle !== undefined && !isCertificate(caBundle))
    throw new Error('cannot be asked: its caBundle is no certificate in PEM')
  const { body, secrets } = await letterOf(deps, input, release, gate)
  const signed = headersOf(credentials)
  const { passed, said } = await post({
    url,
    field: 'its url',
    reach: deps.reach,
    timeoutMs: TIMEOUT_MS,
    caBundle,
    headers: headersOfPost(signed, input.id),
    body: JSON.stringify(body),
    signal: Context.current().cancellationSignal,
    mask: maskOf(credentials, { ...signed, ...secrets }),
  })
  if (!passed) throw new Error(said)
}

function gateThatWaits({ spec, status }: Release, { stepIndex }: CallbackInput): Gate | undefined {
  const step = spec.plan.steps[stepIndex]
  const waits = status?.outcome === undefined && status?.stepIndex === stepIndex
  return waits && step?.kind === 'approve' && step.callback ? { ...step, callback: step.callback } : undefined
}

/** Documented in docs/decisions.md: fields are added, never changed. The same for every attempt. */
async function letterOf({ site, callbackSecret }: Deps, input: CallbackInput, { spec }: Release, gate: Gate) {
  const { ref, id, uid, closesAt } = input
  const { uiUrl, cluster } = site
  if (uiUrl === undefined || callbackSecret === undefined)
    throw new Error('cannot be asked: the engine has no --ui-url, or no secret from --callback-secret-file')
  const about = { namespace: ref.namespace, rollout: ref.name, release: spec.number, revision: spec.revision }
  const question = { ...about, gate: gate.name, uid, id, closesAt }
  const { approve, reject } = await addressesOf(question, { base: uiUrl, secret: callbackSecret })
  const { images, ...provenance } = spec.provenance
  const body = {
    apiVersion: API_VERSION,
    kind: 'Callback',
    id,
    cluster,
    ...about,
    gate: gate.name,
    step: input.stepIndex + 1,
    steps: spec.plan.steps.length,
    weight: input.weight,
    images,
    provenance,
    expiresAt: new Date(closesAt).toISOString(),
    approveUrl: approve.url,
    rejectUrl: reject.url,
    ...linkOf(ref, site),
  }
  return { body, secrets: { approve: approve.token, reject: reject.token } }
}
