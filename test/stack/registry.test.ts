import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Layout, makeLayout } from '../../stack/layout.ts'
import { own } from '../../stack/owner.ts'
import { choosePorts } from '../../stack/ports.ts'
import { openRegistry, type Registry } from '../../stack/registry.ts'
import { identify } from '../../tools/identity.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sluice-registry-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function start(): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore', detached: true })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'spawn')
  return child as ChildProcess & { pid: number }
}

/** A stack on the registry whose etcd is this process. */
async function enter(registry: Registry, server: { pid: number; started?: string }): Promise<Layout> {
  const stateDir = folder()
  const layout = await registry.enter(stateDir, (others) => makeLayout(stateDir, 0, { others }))
  const record = { ...identify(server.pid), since: new Date().toISOString(), logFrom: 0 }
  const started = server.started ?? record.started
  writeFileSync(layout.path('run', 'etcd.json'), JSON.stringify({ ...record, started }))
  return layout
}

const writeOwner = (layout: Layout, owner: { pid: number; started: string }): void =>
  writeFileSync(layout.path('run', 'owner.json'), JSON.stringify({ owner }))

const GONE = { pid: 999_999_999, started: '1' }

test('what a killed owner left running is ended, and nothing of anybody else', async () => {
  const registry = openRegistry(folder())
  const [orphan, kept, free] = [await start(), await start(), await start()]
  const orphaned = await enter(registry, orphan)
  writeOwner(orphaned, GONE)
  own(await enter(registry, kept), undefined)
  await enter(registry, free)
  expect(await registry.endOrphans()).toEqual([orphaned.stateDir])
  expect([orphan, kept, free].map(({ pid }) => identify(pid) !== undefined)).toEqual([false, true, true])
  expect(await registry.endOrphans()).toEqual([])
})

test('a process that got the number of an ended server is left alone', async () => {
  const registry = openRegistry(folder())
  const stranger = await start()
  writeOwner(await enter(registry, { pid: stranger.pid, started: '12' }), GONE)
  await registry.endOrphans()
  expect(identify(stranger.pid)).toBeDefined()
})

test('a guard that is at work is not interfered with', async () => {
  const registry = openRegistry(folder())
  const [server, guard] = [await start(), await start()]
  const layout = await enter(registry, server)
  writeFileSync(layout.path('run', 'owner.json'), JSON.stringify({ owner: GONE, guard: identify(guard.pid) }))
  expect(await registry.endOrphans()).toEqual([])
  expect(identify(server.pid)).toBeDefined()
})

test('stacks keep their ports while they do not run, until their folder is removed', async () => {
  const registry = openRegistry(folder())
  const stateDir = folder()
  const first = await registry.enter(stateDir, () => makeLayout(stateDir, 0))
  const others = async (): Promise<string[]> => {
    const seen: string[] = []
    const own = folder()
    await registry.enter(own, (layouts) => {
      seen.push(...layouts.map((one) => one.stateDir))
      return makeLayout(own, 0, { others: layouts })
    })
    rmSync(own, { recursive: true })
    return seen
  }
  expect(await others()).toEqual([first.stateDir])
  for (let block = 0; block < 500; block++) {
    expect(Object.values(await choosePorts(new Set([first.ports.etcd])))).not.toContain(first.ports.etcd)
  }
  rmSync(stateDir, { recursive: true })
  expect(await others()).toEqual([])
})
