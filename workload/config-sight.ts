import { createHash } from 'node:crypto'
import type { KubeObject } from '../kube/index.ts'
import type { ConfigKind } from './config-references.ts'
import { canonicalJson } from './revision.ts'

/** A ConfigMap, or a Secret whose data are base64. */
export type Config = KubeObject & {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  /** Of a Secret. */
  type?: string
  immutable?: boolean
}

/** What is known of a ConfigMap or Secret, never its content. */
export type ConfigSight = {
  digest: string
  /** Why a Secret is not to be copied or followed: what it is, or whose. */
  refusal?: string
  /** When it was written last, epoch milliseconds; undefined where that is no matter. */
  writtenAt?: number
}

/** sha256 over canonical JSON of what pods can read of it, in hex. */
export function digestOf({ data = {}, binaryData = {}, type }: Config): string {
  return createHash('sha256').update(canonicalJson({ data, binaryData, type })).digest('hex')
}

export function sightOf(config: Config, kind: ConfigKind): ConfigSight {
  const refusal = kind === 'Secret' ? refusalOf(config) : undefined
  return { digest: digestOf(config), ...(refusal === undefined ? {} : { refusal }) }
}

/** Credentials that whoever issued them renews: an old copy of them would stop working, or live too long. */
const TYPES: Record<string, string> = {
  'kubernetes.io/tls': 'is a certificate',
  'kubernetes.io/service-account-token': 'is the token of a ServiceAccount',
  'kubernetes.io/dockercfg': 'holds credentials of a registry',
  'kubernetes.io/dockerconfigjson': 'holds credentials of a registry',
  'bootstrap.kubernetes.io/token': 'is a bootstrap token',
}

/** Labels and annotations of controllers that keep Secrets, with and without an owner reference. */
const KEEPERS: Record<string, string> = {
  'reconcile.external-secrets.io/': 'External Secrets',
  'sealedsecrets.bitnami.com/': 'Sealed Secrets',
  'cert-manager.io/': 'cert-manager',
  'controller.cert-manager.io/': 'cert-manager',
}

function refusalOf({ type = '', metadata }: Config): string | undefined {
  const what = TYPES[type]
  if (what !== undefined) return `${what} (type ${type})`
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (owner) return `is kept by ${owner.kind} ${owner.name}`
  const marks = Object.keys({ ...metadata.labels, ...metadata.annotations })
  const keeper = Object.keys(KEEPERS).find((prefix) => marks.some((mark) => mark.startsWith(prefix)))
  return keeper && `is kept by ${KEEPERS[keeper]}`
}
