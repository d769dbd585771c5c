import { describeError, isForbidden, isInvalid, isNotFound } from './errors.ts'
import type { Kube, KubeObject, Resource } from './types.ts'

/**
 * What the API server has against an object that somebody wants to create, in its words; undefined when it would take it.
 * Nothing is stored. Throws where it gave no answer to that.
 */
export async function objectionTo(
  kube: Pick<Kube, 'create'>,
  resource: Resource,
  object: KubeObject,
): Promise<string | undefined> {
  try {
    await kube.create(resource, object, { dryRun: true })
    return undefined
  } catch (error) {
    if (isForbidden(error) || isInvalid(error) || isNotFound(error)) return describeError(error)
    throw error
  }
}
