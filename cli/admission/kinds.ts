import type { ZodType } from 'zod'
import { manifests } from '../../crds/generate/manifest.ts'
import type { Schema } from '../../crds/generate/openapi.ts'
import { channelSpec } from '../../crds/schema/channel.ts'
import { decisionSpec } from '../../crds/schema/decision.ts'
import { freezeSpec } from '../../crds/schema/freeze.ts'
import { releaseSpec } from '../../crds/schema/release.ts'
import { rolloutSpec } from '../../crds/schema/rollout.ts'
import { sourceSpec } from '../../crds/schema/source.ts'

/** What the API server knows of one kind: its types and defaults, and its rules. */
export type Kind = { spec: ZodType; root: Schema }

/** Names of the kinds that can be admitted. */
export const KINDS = ['Rollout', 'Source', 'Channel', 'Freeze', 'Decision', 'Release'] as const
export type KindName = (typeof KINDS)[number]

export function kindOf(name: KindName): Kind {
  const found = known.get(name) ?? { spec: SPECS[name], root: rootOf(FILES[name]) }
  known.set(name, found)
  return found
}

export const isKind = (name: unknown): name is KindName => KINDS.some((known) => known === name)

const known = new Map<KindName, Kind>()

const SPECS: Record<KindName, ZodType> = {
  Rollout: rolloutSpec,
  Source: sourceSpec,
  Channel: channelSpec,
  Freeze: freezeSpec,
  Decision: decisionSpec,
  Release: releaseSpec,
}

const FILES: Record<KindName, string> = {
  Rollout: 'rollouts.yaml',
  Source: 'sources.yaml',
  Channel: 'channels.yaml',
  Freeze: 'freezes.yaml',
  Decision: 'decisions.yaml',
  Release: 'releases.yaml',
}

/** With what the rules about the name look at. */
function rootOf(file: string): Schema {
  const root = manifests()[file]?.spec.versions[0]?.schema.openAPIV3Schema ?? {}
  const metadata = { type: 'object', properties: { name: { type: 'string' } } }
  return { ...root, properties: { ...(root['properties'] as object), metadata } }
}
