import { readFileSync } from 'node:fs'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { makeLayout } from '../../stack/layout.ts'
import { CONFIG_MAPS } from '../../stack/node/pod.ts'
import { makePki } from '../../stack/pki.ts'
import { eventually } from '../patience.ts'
import { stage, type Stage } from './stage.ts'

type Ask = (path: string, who?: 'apiserver' | 'anybody') => Promise<{ status: number | undefined; said: string }>

/** An agent that answers the API server, and the API server's way of asking. */
async function asked(): Promise<{ scene: Stage; ask: Ask }> {
  const scene = await stage()
  const layout = await makeLayout(scene.stateDir, 0)
  await makePki(layout)
  const { pki, ports } = layout
  const { certificate, key, ca: authority } = pki
  await scene.start({ endpoint: { port: ports.node, certificate, key, authority } })
  const own = { cert: readFileSync(certificate), key: readFileSync(key) }
  const ask: Ask = async (path, who = 'apiserver') => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Ask>>>()
    const options = { ca: readFileSync(authority), agent: false, ...(who === 'apiserver' ? own : {}) } as const
    https
      .get(`https://127.0.0.1:${ports.node}${path}`, options, (response) => {
        text(response).then((said) => resolve({ status: response.statusCode, said }), reject)
      })
      .once('error', reject)
    return promise
  }
  return { scene, ask }
}

const script = (source: string) => ({ image: 'test/script', args: [source] })

it('gives the log of a pod, its last lines, and the run before', async () => {
  const { scene, ask } = await asked()
  scene.run('task', script(`console.log('one\\ntwo\\nthree')`), { restartPolicy: 'Never' })
  scene.run('again', script(`console.log(process.pid); process.exit(1)`))
  await eventually(() => expect(scene.pod('task')?.status?.phase).toBe('Succeeded'))
  expect(await ask('/containerLogs/shop/task/app')).toEqual({ status: 200, said: 'one\ntwo\nthree\n' })
  expect((await ask('/containerLogs/shop/task/app?tailLines=2')).said).toBe('two\nthree\n')
  expect((await ask('/containerLogs/shop/task/app?tailLines=9&limitBytes=3')).said).toBe('one')
  expect((await ask('/containerLogs/shop/task/app?previous=true')).status).toBe(400)
  await eventually(() => expect(scene.pod('again')?.status?.containerStatuses?.[0]?.restartCount).toBe(2))
  await eventually(async () => {
    const runs = scene.log('again').trim().split('\n')
    expect(runs).toHaveLength(3)
    expect((await ask('/containerLogs/shop/again/app')).said).toBe(`${runs[2]}\n`)
    expect((await ask('/containerLogs/shop/again/app?previous=true')).said).toBe(`${runs[1]}\n`)
  })
})

it('follows a log until the container has ended', async () => {
  const { scene, ask } = await asked()
  const stays = `console.log('first'); process.once('SIGTERM', () => { console.log('last'); process.exit(0) }); setInterval(() => {}, 1000)`
  scene.run('task', script(stays), { restartPolicy: 'Never' })
  await eventually(() => expect(scene.log('task')).toBe('first\n'))
  const following = ask('/containerLogs/shop/task/app?follow=true')
  scene.remove('task')
  expect((await following).said).toBe('first\nlast\n')
})

it('tells nobody anything but who has a certificate of the stack, and nothing about strangers', async () => {
  const { ask } = await asked()
  await expect(ask('/containerLogs/shop/task/app', 'anybody')).rejects.toThrow(/certificate|ECONNRESET|socket hang up/)
  expect(await ask('/containerLogs/shop/nobody/app')).toMatchObject({ status: 404 })
})

it('serves what is written into external-metrics as Kubernetes asks for it', async () => {
  const { scene, ask } = await asked()
  const metadata = { name: 'external-metrics', namespace: 'shop' }
  scene.server.put(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { queue: '1500m' } })
  const root = '/apis/external.metrics.k8s.io/v1beta1'
  expect((await ask(root)).said).toContain('"groupVersion":"external.metrics.k8s.io/v1beta1"')
  const { said } = await ask(`${root}/namespaces/shop/queue?labelSelector=`)
  expect(JSON.parse(said)).toMatchObject({ items: [{ metricName: 'queue', value: '1500m' }] })
  expect(JSON.parse((await ask(`${root}/namespaces/shop/none`)).said)).toMatchObject({ items: [] })
})
