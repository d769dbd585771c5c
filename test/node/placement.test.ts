import { expect, it } from 'vitest'
import { NODES } from '../../stack/node/pod.ts'
import { eventually } from '../patience.ts'
import { served, stage, type Stage } from './stage.ts'

const scheduled = (scene: Stage, name: string) =>
  scene.pod(name)?.status?.conditions?.find(({ type }) => type === 'PodScheduled')

const waits = (scene: Stage, name: string, why: string): Promise<void> =>
  eventually(() =>
    expect(scheduled(scene, name)).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: `0/1 nodes are available: 1 ${why}.`,
    }),
  )

it('gives no place to a pod that asks for another node, or for more than there is', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('choosy', {}, { nodeSelector: { disk: 'ssd' } })
  scene.run('large', { resources: { requests: { cpu: '64001m' } } })
  scene.run('greedy', { resources: { requests: { memory: '65Gi' } } })
  await waits(scene, 'choosy', "node(s) didn't match Pod's node affinity/selector")
  await waits(scene, 'large', 'Insufficient cpu')
  await waits(scene, 'greedy', 'Insufficient memory')
  expect(scene.pod('choosy')?.spec.nodeName).toBeUndefined()
})

it('counts what others were promised, and gives a place as soon as there is room', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('first', { resources: { requests: { cpu: '40' } } })
  await served(scene, 'first')
  scene.run('second', { resources: { requests: { cpu: '40' } } })
  await waits(scene, 'second', 'Insufficient cpu')
  const node = { resource: NODES, name: 'local' }
  await scene.kube.mergePatch(node, { status: { allocatable: { cpu: '80' } } }, { subresource: 'status' })
  await served(scene, 'second')
  expect(scheduled(scene, 'second')?.status).toBe('True')
})

const apartFrom = (matchLabels: Record<string, string>): Record<string, unknown> => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' },
      ],
    },
  },
})

it('keeps pods apart that must not meet, whichever of them says so', async () => {
  const scene = await stage()
  await scene.start()
  scene.run('one', {}, apartFrom({ app: 'two' }))
  await served(scene, 'one')
  scene.run('two')
  scene.run('three', {}, apartFrom({ app: 'one' }))
  scene.run('four', {}, apartFrom({ app: 'five' }))
  await waits(scene, 'two', "node(s) didn't satisfy existing pods anti-affinity rules")
  await waits(scene, 'three', "node(s) didn't match pod anti-affinity rules")
  await served(scene, 'four')
  expect(scheduled(scene, 'four')?.status).toBe('True')
})
