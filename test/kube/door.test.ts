import { expect, it } from 'vitest'
import { createKubeDoor } from '../../kube/index.ts'
import { PODS, stage } from './stage.ts'

it('a door sends the token of whoever comes, and nothing of the kubeconfig, over shared connections', async () => {
  const { server } = await stage()
  const door = createKubeDoor({ kubeconfig: server.kubeconfig })
  for (const token of ['ada-token', 'bea-token', 'ada-token']) await door(token).list(PODS)
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer ada-token',
    'Bearer bea-token',
    'Bearer ada-token',
  ])
  expect(await server.connections()).toBe(1)
})
