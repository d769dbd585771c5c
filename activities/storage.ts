import { ApplicationFailure, Context } from '@temporalio/activity'
import { decodeLedger, type Ledger } from '../analysis/index.ts'
import { releaseObject } from '../crds/names.ts'
import { RELEASES } from '../crds/resources.ts'
import type { Release, ReleaseStatus } from '../crds/schema/release.ts'
import { isConflict } from '../kube/index.ts'
import type { Deps } from './deps.ts'
import type { RolloutRef } from './picture.ts'

/** Where the ledger of a release lives. */
export type At = { resource: typeof RELEASES; namespace: string; name: string }

const ATTEMPTS = 8

export const releaseAt = ({ namespace, name }: RolloutRef, release: number): At => ({
  resource: RELEASES,
  namespace,
  name: releaseObject(name, release),
})

/** Throws a non-retryable `ReleaseGone` when there is none. */
export async function needRelease(deps: Deps, at: At): Promise<Release> {
  const release = await deps.kube.get<Release>(at)
  if (release) return release
  throw ApplicationFailure.nonRetryable(`Release ${at.namespace}/${at.name} is gone`, 'ReleaseGone')
}

/** Neither where nothing was stored yet; `damage` says why what is stored cannot be read. */
export function storedLedger({ status }: Pick<Release, 'status'>): { ledger?: Ledger; damage?: string } {
  if (status?.ledger === undefined) return {}
  try {
    return { ledger: decodeLedger(status.ledger) }
  } catch (error) {
    return { damage: error instanceof Error ? error.message : String(error) }
  }
}

/** An attempt that has not yet heard of its end must not overwrite its successor: epoch and resourceVersion decide. */
export async function writeStatus(deps: Deps, at: At, epoch: number, status: ReleaseStatus): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const release = await needRelease(deps, at)
    if ((release.status?.epoch ?? 0) > epoch)
      throw ApplicationFailure.nonRetryable('a newer watch has taken over', 'Outdated')
    try {
      // A patch would drop the nulls of a verdict and keep what only an earlier one had.
      const whole = { ...release, status: { ...release.status, ...status } }
      await deps.kube.replace(RELEASES, whole, { subresource: 'status' })
      return
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
      Context.current().log.debug('the Release was written meanwhile, reading it again', { release: at.name, attempt })
    }
  }
}

/** Fields that are not changed stay. Nothing happens where there is no Release any more. */
export async function changeStatus(
  { kube }: Pick<Deps, 'kube'>,
  at: At,
  change: (before: ReleaseStatus) => ReleaseStatus,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const release = await kube.get<Release>(at)
    if (!release) return
    const { resourceVersion } = release.metadata
    try {
      const status = change(release.status ?? {})
      await kube.mergePatch(at, { metadata: { resourceVersion }, status }, { subresource: 'status' })
      return
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error
    }
  }
}
