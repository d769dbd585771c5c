export { abortable, pause } from './abort.ts'
export { createKube, createKubeDoor } from './client.ts'
export { contextsOf, describeContext, NO_KUBECONFIG } from './config.ts'
export {
  apiException,
  causesOf,
  describeError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTransient,
  isUnauthorized,
  retryAfterMs,
} from './errors.ts'
export { createRecorder, type Recorder } from './events.ts'
export { endOfLog } from './log-tail.ts'
export { wantLease, type Lease } from './lease.ts'
export { objectionTo } from './objection.ts'
export { createQueue, type Queue, type QueueObserver } from './queue.ts'
export { reviewAccess, reviewSelf, type Identity } from './reviews.ts'
export { reflect, type ReflectOptions } from './reflector.ts'
export type {
  Kube,
  KubeObject,
  Log,
  ObjectMeta,
  OwnerReference,
  Ref,
  Reflector,
  Resource,
  WatchEvent,
} from './types.ts'
