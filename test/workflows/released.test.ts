import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { simpleGit } from 'simple-git'
import { expect, onTestFinished, test } from 'vitest'
import { changedSinceRelease, isReleased } from './released.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

async function repository() {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-released-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const git = simpleGit(directory)
  await git.init()
  await git.addConfig('user.name', 'ada').addConfig('user.email', 'ada@example.com')
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(join(directory, path, '..'), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  const commit = async (): Promise<void> => {
    await git.add('.').commit('a change')
  }
  return { directory, git, write, commit }
}

test('the histories of a released version are as they were when it was released', async () => {
  expect(await changedSinceRelease(REPOSITORY, 'test/histories')).toEqual([])
})

test('histories may be recorded again until their version is released, and never after that', async () => {
  const { directory, git, write, commit } = await repository()
  await write('histories/0.1.0/promoted-1.json', '{}')
  await commit()
  await write('histories/0.1.0/promoted-1.json', '{"again":true}')
  await commit()
  expect(await changedSinceRelease(directory, 'histories')).toEqual([])
  expect(await isReleased(directory, '0.1.0')).toBe(false)
  await git.addTag('v0.1.0')
  expect(await isReleased(directory, '0.1.0')).toBe(true)
  await write('histories/0.2.0/promoted-1.json', '{}')
  await commit()
  expect(await changedSinceRelease(directory, 'histories')).toEqual([])
  await write('histories/0.1.0/promoted-1.json', '{"yet":"again"}')
  await commit()
  await write('histories/0.1.0/aborted-1.json', '{}')
  expect(await changedSinceRelease(directory, 'histories')).toEqual([
    'histories/0.1.0/promoted-1.json',
    'histories/0.1.0/aborted-1.json',
  ])
})
