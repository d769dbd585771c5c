/** A kind of object, named explicitly so that no discovery request is needed. `group: ''` is the core group. */
export type Resource = { group: string; version: string; plural: string; kind: string; namespaced: boolean }

export type Ref = { resource: Resource; namespace?: string; name: string }

export type OwnerReference = {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export type ObjectMeta = {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: { manager: string; operation: string; time?: string; subresource?: string; fieldsV1?: unknown }[]
}

/** Untyped on purpose: typed clients drop fields they do not know, in both directions. */
export type KubeObject = { apiVersion: string; kind: string; metadata: ObjectMeta }

export type Selector = { namespace?: string; labelSelector?: string; fieldSelector?: string }

export type ObjectList<T> = { items: T[]; resourceVersion: string }

export type WatchEvent<T> = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }

/**
 * The only door to the API server. Reads are retried on 429, 5xx and lost connections (bounded); writes are not, their
 * callers know better. Every request has a timeout. Errors are `ApiException`s; `kube/errors.ts` tells them apart.
 */
export type Kube = {
  /** undefined when there is no such object. */
  get<T extends KubeObject>(ref: Ref): Promise<T | undefined>
  /** The kinds of a group and version, as `apps/v1`; undefined when the server has no such group. */
  kinds(apiVersion: string): Promise<Resource[] | undefined>
  /** `keep`: what is kept of an object, page by page; the rest is never held all at once. */
  list<T extends KubeObject>(resource: Resource, selector?: Selector, keep?: (item: T) => T): Promise<ObjectList<T>>
  /** `dryRun`: nothing is stored. */
  create<T extends KubeObject>(
    resource: Resource,
    object: T,
    options?: { fieldManager?: string; dryRun?: boolean },
  ): Promise<T>
  /**
   * Server-side apply. `force` takes fields over from other managers. `dryRun`: nothing is stored; what comes back is what
   * would be, with the resourceVersion of what is.
   */
  apply<T extends KubeObject>(
    resource: Resource,
    object: KubeObject & Record<string, unknown>,
    options: { fieldManager: string; force?: boolean; subresource?: 'status'; dryRun?: boolean },
  ): Promise<T>
  /** JSON merge patch; `metadata.resourceVersion` inside the patch is a precondition (409 when it differs). */
  mergePatch<T extends KubeObject>(
    ref: Ref,
    patch: Record<string, unknown>,
    options?: { fieldManager?: string; subresource?: 'status' },
  ): Promise<T>
  /**
   * The whole object, or the whole of its `subresource`, as it was read and changed: 409 when somebody was faster. The
   * only write that keeps a null and forgets what is left out.
   */
  replace<T extends KubeObject>(resource: Resource, object: T, options?: { subresource?: 'status' }): Promise<T>
  /** Deleting what is gone already is success. */
  delete(
    ref: Ref,
    options?: { uid?: string; graceSeconds?: number; propagation?: 'Background' | 'Foreground' | 'Orphan' },
  ): Promise<void>
  /**
   * One watch request from `resourceVersion` on; returns when the server ends it or `signal` aborts, throws on error (410
   * included) and whatever `onEvent` throws. `onOpen`: the server has accepted the watch.
   */
  watch<T extends KubeObject>(
    resource: Resource,
    from: Selector & { resourceVersion: string },
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
    onOpen?: () => void,
  ): Promise<void>
  /**
   * The last lines of what a container wrote, at most so many bytes of them; without credentials and control characters.
   * Retried as other reads; throws where there is no such pod or it has not begun to write.
   */
  logTail(
    pod: { namespace: string; name: string },
    options: { container: string; lines: number; bytes: number },
  ): Promise<string>
  /**
   * What a container wrote, line by line as it is, without empty ones. With `follow` until the container ends or `signal`
   * aborts. `tail`: lines at most of what is there already; `since`: seconds; `previous`: of the container before the
   * last restart. Not retried.
   */
  log(
    pod: { namespace: string; name: string },
    options: { container: string; follow?: boolean; tail?: number; since?: number; previous?: boolean },
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void>
}

/** A cache of one kind, kept current by list and watch. Handlers only ever get keys. */
export type Reflector<T extends KubeObject> = {
  /** Resolves after the first good list. */
  synced: Promise<void>
  get(key: string): T | undefined
  items(): T[]
  /** Epoch milliseconds of the last sign of life from the server. */
  lastActivity(): number
  stop(): Promise<void>
}

/** The part of a pino logger that this room needs. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** `namespace/name` */
export const keyOf = (object: KubeObject): string => `${object.metadata.namespace ?? ''}/${object.metadata.name}`
