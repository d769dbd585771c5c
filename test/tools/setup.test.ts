import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { missingPrerequisites } from '../../tools/prerequisites.mjs'

const SETUP = fileURLToPath(new URL('../../tools/setup.mjs', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-setup-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a script gets the pinned Node, its arguments, and its exit code back', () => {
  const script = join(folder, 'script.ts')
  writeFileSync(script, `console.log(process.version, process.argv.slice(2).join(' ')); process.exitCode = 7 as number`)
  const run = spawnSync(process.execPath, [SETUP, script, '--once', 'now'], { encoding: 'utf8' })
  expect(run.stdout).toMatch(/^v24\.\d+\.\d+ --once now\n$/)
  expect(run.status).toBe(7)
})

test('what is missing is told with how to get it, one sentence each', () => {
  expect(missingPrerequisites(['go', 'python', 'git'], { PATH: folder })).toEqual([
    expect.stringMatching(/^git is missing: install git /),
    expect.stringMatching(/^go is missing: install Go 1\.26 or newer /),
    expect.stringMatching(/^python is missing: install Python 3 with pip /),
  ])
})

test('what is too old is told with the version that is needed', () => {
  writeFileSync(join(folder, 'go'), '#!/bin/sh\necho go version go1.21.3 linux/amd64\n', { mode: 0o755 })
  expect(missingPrerequisites(['go'], { PATH: `${folder}:/usr/bin:/bin` })).toEqual([
    expect.stringMatching(/^go 1\.21 is too old, 1\.26 is needed: /),
  ])
})
