import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { startLoad, type LoadStats } from '../../demo/load.ts'
import { createTally } from '../../demo/tally.ts'
import { eventually } from '../patience.ts'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await eventually(() => expect(server.listening).toBe(true))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/checkout`
}

async function run(
  listener: RequestListener,
  enough: (stats: LoadStats) => boolean,
  timeoutMs = 5_000,
): Promise<LoadStats> {
  const load = startLoad({ url: await serve(listener), host: 'shop.example', rps: 200, timeoutMs })
  await eventually(async () => expect(enough(await load.stats())).toBe(true))
  return load.stop()
}

it('counts every request exactly once, by status and by the version that answered', async () => {
  let asked = 0
  const hosts = new Set<string | undefined>()
  const stats = await run(
    ({ headers }, response) => {
      asked += 1
      hosts.add(headers.host)
      response.writeHead(asked % 10 === 0 ? 500 : 200, { 'x-version': asked % 2 === 0 ? '2' : '1' }).end('{}')
    },
    ({ answered }) => answered >= 100,
  )
  expect(stats).toMatchObject({ sent: asked, answered: asked, lost: 0, mesh: 0 })
  expect(stats.statuses['500']).toBe(Math.floor(asked / 10))
  expect(stats.versions['2']?.failed).toBe(Math.floor(asked / 10))
  expect(stats.versions['1']?.failed).toBe(0)
  expect(stats.versions['2']?.firstFailedAt).toBeGreaterThan(0)
  expect([...hosts]).toEqual(['shop.example'])
})

it('tells a failed answer of the proxy from one of the service', async () => {
  const stats = await run(
    (_, response) => void response.writeHead(503).end('no healthy upstream'),
    ({ answered }) => answered >= 20,
  )
  expect(stats.mesh).toBe(stats.answered)
  expect(stats.trouble).toHaveLength(20)
  expect(stats.trouble[0]?.what).toBe('503 from the proxy')
})

it('counts a request without an answer as lost, and goes on sending meanwhile', async () => {
  const stats = await run(
    () => undefined,
    ({ lost }) => lost >= 20,
    100,
  )
  expect(stats).toMatchObject({ answered: 0, lost: stats.sent, versions: {} })
  expect(stats.trouble[0]?.what).toBe('no answer within 100 ms')
})

it('counts a connection that was cut off as lost', async () => {
  const stats = await run(
    ({ socket }) => socket.destroy(),
    ({ lost }) => lost >= 20,
  )
  expect(stats.lost).toBe(stats.sent)
})

it('finds quantiles and the first slow answer of a version', () => {
  const tally = createTally({ slowerThanMs: 250 })
  for (let latencyMs = 1; latencyMs <= 300; latencyMs += 1) {
    tally.answered({ status: 200, version: '1', at: 1_000 + latencyMs, latencyMs })
  }
  const { latency, versions } = tally.stats()
  expect(latency).toEqual({ p50: 150, p99: 297, max: 300 })
  expect(versions['1']).toMatchObject({ requests: 300, failed: 0, slow: 50, firstSlowAt: 1_251 })
})

it('counts by laps, and everything all the same', async () => {
  const url = await serve((_, response) => void response.writeHead(200, { 'x-version': '1' }).end())
  const load = startLoad({ url, rps: 200 })
  await eventually(async () => expect((await load.stats()).answered).toBeGreaterThan(20))
  const first = await load.lap()
  await eventually(async () => expect((await load.stats()).answered).toBeGreaterThan(first.answered + 20))
  const second = await load.lap()
  const third = await load.lap()
  expect(second.answered).toBeGreaterThan(20)
  expect(second.versions['1']?.firstAt).toBeGreaterThanOrEqual(first.versions['1']?.lastAt ?? Infinity)
  expect(third.answered).toBeLessThan(second.answered)
  const { sent, answered } = await load.stop()
  expect(answered).toBe(sent)
  expect(answered).toBeGreaterThanOrEqual(first.answered + second.answered + third.answered)
})
