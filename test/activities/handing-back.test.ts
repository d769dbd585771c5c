import { expect, it } from 'vitest'
import { freeApex, unselectLeaving } from '../../activities/adoption.ts'
import type { Deps } from '../../activities/deps.ts'
import { beginReturn, finishReturn } from '../../activities/handing-back.ts'
import type { Adoption } from '../../workload/adoption.ts'

const ref = { namespace: 'shop', name: 'checkout' }
const stable = 'aaa'

/** What was done with a Rollout that goes, while its Deployment declares `declared`. */
function scene(around: Partial<Adoption> & { declared?: string; stays?: boolean }) {
  const done: string[] = []
  const { declared = stable, stays = false, ...adoption } = around
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'checkout' }
  const rollout = {
    metadata: { ...ref, ...(stays ? {} : { deletionTimestamp: 'now' }) },
    spec: { workloadRef, replicas: 2, service: { name: 'checkout' } },
  }
  const deps = {
    kube: { get: async () => rollout, list: async () => ({ items: [] }) },
    workload: {
      adoption: async () => ({ replicas: 2, held: true, ...adoption }),
      declared: async () => ({ template: {}, configs: {}, revision: declared }),
      holdDeclared: async (_: unknown, replicas: number) => void done.push(`held at ${replicas}`),
      freeApex: async () => void done.push('freed'),
      unselect: async (_: unknown, revision?: string) => void done.push(`unselected ${revision ?? 'all'}`),
    },
  } as unknown as Deps
  return { deps, done }
}

it('the apex is not freed for what was declared while the pods were awaited, and that is said', async () => {
  const { deps, done } = scene({ apex: stable, declared: 'bbb' })
  expect(await finishReturn(deps, { ref, stable })).toEqual({
    why: expect.stringContaining('declares another revision (bbb) than the one that serves (aaa)') as string,
  })
  expect(done).toEqual([])
})

it('the apex is freed while what serves is declared', async () => {
  const { deps, done } = scene({ apex: stable })
  expect(await finishReturn(deps, { ref, stable })).toEqual({})
  expect(done).toEqual(['freed'])
})

it('a run that takes over after the apex was freed goes on returning, whatever was declared since', async () => {
  const { deps } = scene({ declared: 'bbb' })
  expect(await beginReturn(deps, { ref, stable })).toEqual({ kind: 'returning', replicas: 2, revision: stable })
  expect(await finishReturn(deps, { ref, stable })).toEqual({})
})

it.each<[what: string, around: Partial<Adoption>, done: string[]]>([
  ['once the apex is free and the declared Deployment serves', {}, ['unselected all']],
  ['not while the apex selects stable alone', { apex: stable }, []],
  ['not while nobody else would serve', { replicas: 0 }, []],
])('pods that leave take no more traffic: %s', async (_, around, expected) => {
  const { deps, done } = scene(around)
  await unselectLeaving(deps, { ref })
  expect(done).toEqual(expected)
})

it('pods of one revision take no more traffic, whether the Rollout goes or stays; those of all only when it goes', async () => {
  const { deps, done } = scene({ stays: true })
  await unselectLeaving(deps, { ref })
  expect(done).toEqual([])
  await unselectLeaving(deps, { ref, revision: 'bbb' })
  expect(done).toEqual(['unselected bbb'])
})

it('a first installation that was broken off when only the apex had heard of it is handed back, too', async () => {
  const { deps, done } = scene({ held: false, apex: 'bbb', declared: 'bbb' })
  expect(await beginReturn(deps, { ref })).toEqual({ kind: 'returning', replicas: 2, revision: 'bbb' })
  expect(await finishReturn(deps, { ref, stable: 'bbb' })).toEqual({})
  expect(done).toEqual(['held at 2', 'freed'])
})

it('what nobody serves any more is filled before the apex is freed', async () => {
  const { deps, done } = scene({ replicas: 0, apex: stable, stays: true })
  await freeApex(deps, { ref })
  expect(done).toEqual(['held at 2', 'freed'])
})
