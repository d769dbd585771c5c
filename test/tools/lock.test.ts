import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { identify } from '../../tools/identity.ts'
import { withLock } from '../../tools/lock.ts'

let folder: string
let lock: string
let other: ChildProcess

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'))
  lock = join(folder, 'lock')
  other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(other, 'spawn')
})
afterEach(async () => {
  if (other.exitCode === null && other.signalCode === null) await endOther()
  rmSync(folder, { recursive: true })
})

async function endOther(): Promise<void> {
  const ended = once(other, 'exit')
  other.kill('SIGKILL')
  await ended
}

test('a living owner is waited for, and the wait is told', async () => {
  writeFileSync(lock, JSON.stringify(identify(other.pid!)))
  const waited = Promise.withResolvers<number>()
  const work = withLock(lock, async () => 'done', { onWait: ({ pid }) => waited.resolve(pid) })
  expect(await waited.promise).toBe(other.pid)
  await endOther()
  expect(await work).toBe('done')
})

test('the lock of a dead owner is taken over', async () => {
  writeFileSync(lock, JSON.stringify(identify(other.pid!)))
  await endOther()
  expect(await withLock(lock, async () => 'done')).toBe('done')
})

test('a process that has only the number of the owner is not the owner', async () => {
  writeFileSync(lock, JSON.stringify({ pid: other.pid, started: 'long ago' }))
  expect(await withLock(lock, async () => 'done')).toBe('done')
})

test('a lock that cannot be read has no owner', async () => {
  writeFileSync(lock, '{"pid":')
  expect(await withLock(lock, async () => 'done')).toBe('done')
})

test('those who want it at the same time get it one after the other', async () => {
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    inside += 1
    most = Math.max(most, inside)
    await new Promise(setImmediate)
    inside -= 1
  }
  await Promise.all(Array.from({ length: 8 }, () => withLock(lock, work)))
  expect(most).toBe(1)
  expect(existsSync(lock)).toBe(false)
})

test('work that fails gives the lock back', async () => {
  const failing = withLock(lock, async () => {
    throw new Error('broken')
  })
  await expect(failing).rejects.toThrow('broken')
  expect(existsSync(lock)).toBe(false)
})
