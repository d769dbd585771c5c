import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeLayout, type Layout } from '../../stack/layout.ts'
import type { Tools } from '../../stack/servers/index.ts'
import { openTemplate, type Template } from '../../stack/template.ts'
import { identify } from '../../tools/identity.ts'

const LOG_BYTES = 1 << 20

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sluice-template-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Templates in a folder of their own, for tools of this version. */
function templates(): (version: string) => Promise<Template> {
  const home = folder()
  const tool = join(home, 'tool')
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'mesh-crds']
  return (version) => {
    writeFileSync(tool, version)
    return openTemplate(Object.fromEntries(names.map((name) => [name, tool])) as Tools, join(home, 'templates'))
  }
}

/** A stack with data, whose etcd is a process that does nothing. */
async function used(): Promise<{ layout: Layout; pid: number }> {
  const layout = await makeLayout(folder(), 0)
  mkdirSync(layout.path('etcd', 'wal'), { recursive: true })
  writeFileSync(layout.path('etcd', 'wal', '0.wal'), 'written')
  truncateSync(layout.path('etcd', 'wal', '0.wal'), LOG_BYTES)
  writeFileSync(layout.path('etcd', 'wal', '1.tmp'), 'spare')
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const pid = child.pid ?? 0
  writeFileSync(layout.path('run', 'etcd.json'), JSON.stringify({ ...identify(pid), since: '', logFrom: 0 }))
  return { layout, pid }
}

const stateOf = (pid: number): string | undefined => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]

test('a new stack starts from the data that another one had when it was complete', async () => {
  const template = await templates()('1')
  const fresh = await makeLayout(folder(), 0)
  expect(await template.unfold(fresh)).toBe(false)
  const { layout } = await used()
  await template.keep(layout)
  expect(await template.unfold(fresh)).toBe(true)
  const copy = fresh.path('etcd', 'wal', '0.wal')
  expect(readFileSync(copy)).toEqual(readFileSync(layout.path('etcd', 'wal', '0.wal')))
  expect(statSync(copy).blocks * 512).toBeLessThan(LOG_BYTES / 2)
})

test.runIf(process.platform === 'linux')('the etcd that it was taken from goes on afterwards', async () => {
  const { layout, pid } = await used()
  const template = await templates()('1')
  await template.keep(layout)
  expect(stateOf(pid)).not.toBe('T')
})

test('a stack that has data keeps it', async () => {
  const template = await templates()('1')
  await template.keep((await used()).layout)
  const { layout } = await used()
  writeFileSync(layout.path('etcd', 'wal', '0.wal'), 'its own')
  expect(await template.unfold(layout)).toBe(false)
  expect(readFileSync(layout.path('etcd', 'wal', '0.wal'), 'utf8')).toBe('its own')
})

test('other versions of the tools have a template of their own', async () => {
  const open = templates()
  await (await open('1')).keep((await used()).layout)
  expect(await (await open('version 2')).unfold(await makeLayout(folder(), 0))).toBe(false)
})
