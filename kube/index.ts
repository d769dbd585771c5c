export { createKube, type KubeOptions } from './client.ts'
export { describeContext } from './config.ts'
export {
  apiException,
  describeError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTransient,
  retryAfterMs,
} from './errors.ts'
export { createRecorder, type EventOptions, type Recorder, type Regarding } from './events.ts'
export { createQueue, type Queue, type QueueObserver } from './queue.ts'
export { reflect, type ReflectOptions } from './reflector.ts'
export { keyOf } from './types.ts'
export type {
  Kube,
  KubeObject,
  Log,
  ObjectList,
  ObjectMeta,
  OwnerReference,
  Ref,
  Reflector,
  Resource,
  Selector,
  WatchEvent,
} from './types.ts'
