import { expect, it } from 'vitest'
import type { Deps } from '../../activities/deps.ts'
import { removeRevision } from '../../activities/revisions.ts'
import type { RouteTarget } from '../../router/router.ts'

const ref = { namespace: 'shop', name: 'checkout' }
const input = { ref, target: ref as RouteTarget, revision: 'bbbbbbbbbb' }

/** A canary without traffic; `scale` does this with its Deployment. */
const where = (scale: () => Promise<void>): Deps =>
  ({
    kube: { get: async () => ({ metadata: ref }) },
    router: { observe: async () => ({ weights: { aaaaaaaaaa: 100 } }) },
    workload: { scale },
  }) as unknown as Deps

it('a revision whose name somebody else has leaves nothing behind that could be removed', async () => {
  const foreign = Object.assign(new Error('Deployment checkout-bbbbbbbbbb exists'), { name: 'ForeignObject' })
  await expect(
    removeRevision(
      where(() => Promise.reject(foreign)),
      input,
    ),
  ).resolves.toBeUndefined()
})

it('a revision that cannot be removed yet is tried again', async () => {
  await expect(
    removeRevision(
      where(() => Promise.reject(new Error('timeout'))),
      input,
    ),
  ).rejects.toThrow('timeout')
})
