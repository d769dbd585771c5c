import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { ToolEvent } from '../../tools/resolve.ts'
import { openWorkshop } from './workshop.ts'

test('the variable wins over PATH and cache', async () => {
  using workshop = openWorkshop()
  await workshop.ensure('anvil')
  workshop.program('bin/anvil', '1.4.0')
  const named = workshop.program('elsewhere/anvil', '9.9.9')
  workshop.env.SLUICE_ANVIL = named
  expect(await workshop.ensure('anvil')).toEqual({ anvil: named })
})

test('a variable that names nothing usable is refused in a sentence, never passed over', async () => {
  using workshop = openWorkshop()
  workshop.env.SLUICE_ANVIL = join(workshop.folder, 'nowhere')
  await expect(workshop.ensure('anvil')).rejects.toThrow(/SLUICE_ANVIL is .*nowhere.*correct or unset it/)
})

test('one on PATH is taken when its major and minor version are the pinned ones', async () => {
  using workshop = openWorkshop()
  const onPath = workshop.program('bin/anvil', '1.4.0')
  expect(await workshop.ensure('anvil')).toEqual({ anvil: onPath })
  expect(workshop.diary()).toEqual([])
})

test('one on PATH of another version is passed over', async () => {
  using workshop = openWorkshop()
  const onPath = workshop.program('bin/anvil', '1.5.0')
  const { anvil } = await workshop.ensure('anvil')
  expect(anvil).not.toBe(onPath)
  expect(workshop.diary()).toContain('build anvil')
})

test('what was built once is not built again', async () => {
  using workshop = openWorkshop()
  const first = await workshop.ensure('anvil')
  expect(execFileSync(first.anvil!, { encoding: 'utf8' })).toBe('built anvil\n')
  expect(await workshop.ensure('anvil')).toEqual(first)
  expect(workshop.diary()).toEqual(['list anvil', 'build anvil'])
})

test('a changed recipe is another entry', async () => {
  using workshop = openWorkshop()
  const first = await workshop.ensure('anvil')
  writeFileSync(join(workshop.folder, 'recipes', 'anvil', 'go.sum'), 'another module\n')
  expect(await workshop.ensure('anvil')).not.toEqual(first)
  expect(workshop.diary().filter((line) => line === 'build anvil')).toHaveLength(2)
})

test('a half-built entry is built again, and what killed builds left is swept away', async () => {
  using workshop = openWorkshop()
  const { anvil } = await workshop.ensure('anvil')
  rmSync(anvil!)
  mkdirSync(join(workshop.cache, '.unfinished-long-ago'))
  expect(await workshop.ensure('anvil')).toEqual({ anvil })
  expect(readFileSync(anvil!, 'utf8')).toContain('built')
  expect(workshop.entries()).toEqual([dirname(anvil!).slice(workshop.cache.length + 1)])
})

test('a build that fails says why, in the last words of the compiler, and leaves no entry', async () => {
  using workshop = openWorkshop()
  workshop.env.FAIL = 'yes'
  await expect(workshop.ensure('anvil')).rejects.toThrow(/go build .* ended with 1:\nno rule to forge anvil/)
  expect(workshop.entries()).toEqual([])
})

test('a missing compiler is told in a sentence that says how to get it', async () => {
  using workshop = openWorkshop()
  workshop.env.PATH = join(workshop.folder, 'empty')
  await expect(workshop.ensure('anvil')).rejects.toThrow(/go is missing: install Go 1\.26.*\n.*needed to build anvil/s)
})

test('two who need the same tool at the same time build it once', async () => {
  using workshop = openWorkshop()
  const [one, other] = await Promise.all([workshop.ensure('anvil'), workshop.ensure('anvil')])
  expect(one).toEqual(other)
  expect(workshop.diary()).toEqual(['list anvil', 'build anvil'])
})

test('while one tool is being built the modules of the next are downloaded', async () => {
  using workshop = openWorkshop(['anvil', 'tongs'])
  workshop.env.WAIT_FOR = 'list tongs'
  await workshop.ensure(['anvil', 'tongs'])
  expect(workshop.diary().at(-1)).toBe('build tongs')
})

test('progress counts the tools that have to be built, not those that are there', async () => {
  using workshop = openWorkshop(['anvil', 'tongs', 'hammer'])
  workshop.program('bin/anvil', '1.4.9')
  const events: ToolEvent[] = []
  await workshop.ensure(['anvil', 'tongs', 'hammer'], (event) => {
    if (event.state !== 'waiting') events.push(event)
  })
  const built = events.filter(({ state }) => state === 'built')
  expect(built.map(({ tool, position, total }) => `${tool} ${position}/${total}`)).toEqual(['tongs 1/2', 'hammer 2/2'])
})
