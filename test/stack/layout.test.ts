import { createServer } from 'node:net'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeLayout, openLayout } from '../../stack/layout.ts'
import { choosePorts } from '../../stack/ports.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-layout-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a stack that is brought up again has the ports that it had', async () => {
  const first = await makeLayout(folder, 100)
  const again = await makeLayout(folder, 2_000)
  expect(again.ports).toEqual(first.ports)
  expect(openLayout(folder)).toMatchObject({ ports: first.ports, endpointDelayMs: 2_000 })
})

test('a folder without a stack is said to be one', () => {
  expect(() => openLayout(folder)).toThrow(`there is no stack in ${folder}: bring one up first`)
})

test('every server gets a port of its own, outside what systems and pods take', async () => {
  const ports = Object.values(await choosePorts())
  expect(new Set(ports).size).toBe(ports.length)
  for (const port of ports) expect(port >= 10_000 && port < 20_000, `${port}`).toBe(true)
})

test('a port that somebody listens on is not given out', async () => {
  const { gateway } = await choosePorts()
  const server = createServer().listen(gateway, '127.0.0.1')
  await once(server, 'listening')
  // Often enough to come by every block of the range.
  for (let block = 0; block < 500; block++) expect(Object.values(await choosePorts())).not.toContain(gateway)
  server.close()
})
