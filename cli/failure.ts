import { describeError, isForbidden, isNotFound, isTransient, isUnauthorized } from '../kube/index.ts'

/** Something that a person asked for is not done, and the message is the whole sentence that they need. */
export class Refusal extends Error {}

/** Any error as a sentence that says what to do next. */
export function sentenceOf(error: unknown): string {
  if (error instanceof Refusal) return error.message
  const words = describeError(error)
  if (isForbidden(error)) return `${words}. Your user lacks a role here: sluice-viewer shows, sluice-approver decides`
  if (isUnauthorized(error))
    return `${words}: the API server does not know you. Sign in again, or name another --context`
  if (isNotFound(error)) return `${words}. Is Sluice installed? kubectl apply -k deploy/crds`
  if (isTransient(error)) return `${words}. Is the API server up, and are --kubeconfig and --context the right ones?`
  return words
}
