import { ApplicationFailure } from '@temporalio/activity'
import { isJudgedAlone } from '../analysis/index.ts'
import { API_VERSION, LABEL, releaseObject } from '../crds/names.ts'
import { compile, compileReturn, type Plan } from '../crds/plan.ts'
import type { Policy } from '../crds/policy.ts'
import { RELEASES } from '../crds/resources.ts'
import type { Release, ReleaseSpec } from '../crds/schema/release.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { isConflict } from '../kube/index.ts'
import type { Declared } from '../workload/declared.ts'
import { changedConfigs, sameTemplate, snapshotOf } from '../workload/revision.ts'
import { declaredOrNot, releaseOf } from './declared.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'
import { provenanceOf } from './provenance.ts'
import { needRollout, releasesOf } from './rollouts.ts'
import { storedLedger } from './storage.ts'

export type OpenInput = {
  ref: RolloutRef
  number: number
  revision: string
  from: string
  /** It served before: it goes straight back. */
  returns?: boolean
  /** Number of the release that a person leaves by it, whatever is declared. */
  leaves?: number
}

export type Opened = {
  plan: Plan
  mode: Policy['mode']
  /** There is a Prometheus to ask. */
  measured: boolean
  /** Something that is compared could be found to be bad at 100 %, too, where there is nothing to compare with. */
  judgedAlone: boolean
  /** Where the rows that are known already end. */
  last?: { slot: number; weight: number }
  /** Whose commit it is. */
  author?: string
  /** The configs that changed, in words, where the template is what served before. */
  because?: string
}

/** Makes the public record of a release, or finds the one that an earlier attempt made. A final `Outdated` when something else is declared by now. */
export async function openRelease(deps: Deps, input: OpenInput): Promise<Opened> {
  const { kube } = deps
  const { ref, number } = input
  const at = { resource: RELEASES, namespace: ref.namespace, name: releaseObject(ref.name, number) }
  const existing = await kube.get<Release>(at)
  if (existing) return { ...sameRevision(existing, input), ...(await causeOf(deps, ref, existing.spec)) }
  const rollout = await needRollout(kube, ref)
  const releases = await releasesOf(kube, ref)
  const declared =
    input.leaves === undefined ? await declaredOrNot(deps, rollout, releases) : servedBefore(input, releases)
  if (declared?.revision !== input.revision) {
    throw ApplicationFailure.nonRetryable(`revision ${input.revision} is no longer what is declared`, 'Outdated')
  }
  const spec = { ...specOf(rollout, declared, input), provenance: await madeBy(deps, rollout, declared) }
  try {
    await kube.create<Release>(RELEASES, { ...releaseShell(rollout, number), spec })
  } catch (error) {
    if (!isConflict(error)) throw error
    const other = await kube.get<Release>(at)
    if (other) return sameRevision(other, input)
    throw error
  }
  return { ...opened({ spec }), ...(await causeOf(deps, ref, spec)) }
}

/** What a person goes back to is as it was released. */
function servedBefore({ revision }: OpenInput, releases: Release[]): Declared | undefined {
  const release = releaseOf(revision, releases)
  if (!release) return undefined
  const { template, configs = {} } = snapshotOf(release)
  return { revision, template, configs }
}

/** Nothing where the template is another one too: whoever changed that knows why there is a release. */
async function causeOf(deps: Deps, ref: RolloutRef, spec: ReleaseSpec): Promise<Pick<Opened, 'because'>> {
  if (spec.from === undefined) return {}
  const releases = await releasesOf(deps.kube, ref)
  const before = releaseOf(spec.from, releases)
  if (!before || !sameTemplate(before.spec.template, spec.template)) return {}
  const changed = changedConfigs(snapshotOf(before), spec)
  return changed.length === 0 ? {} : { because: `${changed.map((key) => key.replace('/', ' ')).join(', ')} changed` }
}

function sameRevision(existing: Release, input: OpenInput): Opened {
  if (existing.spec.revision === input.revision) return opened(existing)
  const message = `Release ${existing.metadata.name} is about revision ${existing.spec.revision}, not ${input.revision}`
  throw ApplicationFailure.nonRetryable(message, 'WrongRelease')
}

function opened({ spec, status }: Pick<Release, 'spec' | 'status'>): Opened {
  const { plan, policy, provenance } = spec
  const last = status && storedLedger({ status }).ledger?.rows.at(-1)
  return {
    plan,
    mode: policy.mode,
    measured: policy.prometheus !== undefined,
    judgedAlone: isJudgedAlone(policy),
    ...(provenance.author === undefined ? {} : { author: provenance.author }),
    ...(last ? { last: { slot: last.slot, weight: last.weight } } : {}),
  }
}

function specOf(
  rollout: Rollout,
  { template, configs }: Declared,
  { number, revision, from, returns, leaves }: OpenInput,
): Omit<ReleaseSpec, 'provenance'> {
  const { plan, policy } = (returns ? compileReturn : compile)(rollout.spec)
  return {
    rollout: rollout.metadata.name,
    number,
    revision,
    ...(from === revision ? {} : { from }),
    template,
    configs,
    plan: leaves === undefined ? plan : { ...plan, leaves },
    policy,
  }
}

const madeBy = async (
  { kube }: Deps,
  rollout: Rollout,
  { template }: Declared,
): Promise<ReleaseSpec['provenance']> => ({
  ...(await provenanceOf(kube, rollout)),
  images: imagesOf(template.spec),
})

const imagesOf = (podSpec: Record<string, unknown>): string[] =>
  Array.isArray(podSpec.containers)
    ? podSpec.containers.map((container: { image?: string }) => container.image ?? '')
    : []

const releaseShell = (rollout: Rollout, number: number): Omit<Release, 'spec'> => ({
  apiVersion: API_VERSION,
  kind: RELEASES.kind,
  metadata: {
    name: releaseObject(rollout.metadata.name, number),
    namespace: rollout.metadata.namespace ?? 'default',
    labels: { [LABEL.rollout]: rollout.metadata.name },
    ownerReferences: [
      {
        apiVersion: API_VERSION,
        kind: rollout.kind,
        name: rollout.metadata.name,
        uid: rollout.metadata.uid ?? '',
        controller: true,
      },
    ],
  },
})
