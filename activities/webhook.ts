import { ApplicationFailure } from '@temporalio/activity'
import { headersOf, isCertificate, maskOf } from '../analysis/reader/signing.ts'
import { API_VERSION, revisionObject, serviceHost, sideObject } from '../crds/names.ts'
import type { Release } from '../crds/schema/release.ts'
import { describeError } from '../kube/index.ts'
import { credentialsOf } from './credentials.ts'
import type { Deps } from './deps.ts'
import { heartbeating } from './heartbeat.ts'
import { hookOf, type HookInput } from './hook.ts'
import { headersOfPost, post, type Post, type Posted } from './posting.ts'
import { needRelease, releaseAt } from './storage.ts'

export type WebhookInput = HookInput & {
  /** Of the Rollout. */
  uid: string
  /** Percent. */
  weight: number
  /** From 1. */
  attempt: number
}

/**
 * Asks once. Fails with `NotAsked` where nobody was asked, because what is to be sent cannot be read: such an attempt does
 * not count.
 */
export function webhook(deps: Deps, input: WebhookInput): Promise<Posted> {
  return heartbeating(async (signal) => {
    const release = await needRelease(deps, releaseAt(input.ref, input.release))
    const question = await prepared(deps, input, release)
    return 'passed' in question ? question : await post({ ...question, signal })
  })
}

async function prepared(deps: Deps, input: WebhookInput, release: Release): Promise<Omit<Post, 'signal'> | Posted> {
  const hook = hookOf(release, input.stepIndex, 'webhook')
  try {
    const credentials = await credentialsOf(deps, input.ref.namespace, hook, {
      name: 'The webhook',
      component: 'webhook-secrets',
    })
    const { caBundle } = credentials
    if (caBundle !== undefined && !isCertificate(caBundle))
      return { passed: false, said: 'cannot be asked: its caBundle is no certificate in PEM' }
    const signed = headersOf(credentials)
    const headers = { ...headersOfPost(signed, idOf(input)), 'sluice-attempt': String(input.attempt) }
    const { url, timeoutMs } = hook
    const { reach } = deps
    const body = JSON.stringify(bodyOf(input, release))
    return { url, field: 'its url', reach, timeoutMs, caBundle, headers, body, mask: maskOf(credentials, signed) }
  } catch (error) {
    throw ApplicationFailure.create({ type: 'NotAsked', message: describeError(error) })
  }
}

/** The same for every attempt, so that whoever is asked again can give the answer of the first time. */
const idOf = ({ uid, release, stepIndex, round }: WebhookInput): string => `${uid}-${release}-${stepIndex + 1}-${round}`

/** Documented in docs/hooks.md: fields are added, never changed. The same for every attempt. */
function bodyOf(input: WebhookInput, { spec }: Release): object {
  const { ref, stable, weight } = input
  const { images, ...provenance } = spec.provenance
  const host = (service: string): string => serviceHost(ref.namespace, service)
  return {
    apiVersion: API_VERSION,
    kind: 'Webhook',
    id: idOf(input),
    namespace: ref.namespace,
    rollout: ref.name,
    release: spec.number,
    revision: spec.revision,
    stable,
    step: input.stepIndex + 1,
    steps: spec.plan.steps.length,
    weight,
    images,
    provenance,
    hosts: {
      canary: host(revisionObject(ref.name, spec.revision)),
      stable: host(revisionObject(ref.name, stable)),
      side: host(sideObject(ref.name, spec.revision)),
    },
  }
}
