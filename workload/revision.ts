import { createHash } from 'node:crypto'
import type { Release } from '../crds/schema/release.ts'
import type { PodTemplate } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'

/** Restarts the stable revision's pods; no part of what a revision is. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

/** What a revision is made of. `configs`: digest of each config whose change is a new revision, by `<kind>/<name>`. */
export type RevisionSource = { template: PodTemplate; configs: Record<string, string> }

/** First 10 hex digits of sha256 over canonical JSON. It only names; whether something is new is `sameTemplate`'s question. */
export function revisionOf({ template, configs }: RevisionSource): Revision {
  const text = canonicalJson({ template: withoutRestart(template), configs })
  return createHash('sha256').update(text).digest('hex').slice(0, 10)
}

/** Equal but for key order, empty metadata and `restartedAt`. Both must have been read through the same API server. */
export const sameTemplate = (a: PodTemplate, b: PodTemplate): boolean =>
  canonicalJson(withoutRestart(a)) === canonicalJson(withoutRestart(b))

/** What was declared; `configs` is undefined where nobody looked at them. */
export type Snapshot = { template: PodTemplate; configs?: Record<string, string> | undefined }

/** The part of a Release that remembers what was declared. */
export type Remembering = {
  spec: Pick<Release['spec'], 'template' | 'configs'>
  status?: Pick<NonNullable<Release['status']>, 'configs'>
}

export const snapshotOf = ({ spec, status }: Remembering): Snapshot => ({
  template: spec.template,
  configs: spec.configs ?? status?.configs,
})

/** As `sameTemplate`, configs included. */
export const sameSource = (a: Snapshot, b: Snapshot): boolean =>
  sameTemplate(a.template, b.template) && changedConfigs(a, b).length === 0

/** As `<kind>/<name>`. What nobody looked at counts as the same: an engine that looks at more starts no releases. */
export function changedConfigs({ configs: before }: Snapshot, { configs: now }: Snapshot): string[] {
  if (!before || !now) return []
  return Object.keys({ ...before, ...now }).filter((key) => before[key] !== now[key])
}

/** Restarts only move on: the snapshot of a release may be older than a restart that came after it. */
export function isLaterRestart(declared: string | undefined, current: string | undefined): boolean {
  if (declared === undefined || declared === current) return false
  return current === undefined || Date.parse(declared) > Date.parse(current)
}

/** JSON with sorted keys; undefined members are left out, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** An annotation that was the only one leaves empty maps behind: they say nothing. */
function withoutRestart({ metadata, ...template }: PodTemplate): unknown {
  const { [RESTARTED_AT]: _, ...annotations } = metadata?.annotations ?? {}
  const kept = filled({ ...metadata, labels: filled(metadata?.labels), annotations: filled(annotations) })
  return { ...template, metadata: kept }
}

/** Undefined where nothing is inside. */
function filled(fields: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  return Object.values(fields ?? {}).some((value) => value !== undefined) ? fields : undefined
}
