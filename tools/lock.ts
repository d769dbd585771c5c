import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessIdentity } from './identity.ts'

const LOOK_AGAIN_MS = 250

export type LockOptions = {
  /** Told once per owner that has to be waited for. */
  onWait?: (owner: ProcessIdentity) => void
  signal?: AbortSignal
}

/**
 * Runs `work` while no other process holds the lock `file`.
 * A lock whose owner died is taken over. Waits without limit for a living owner unless `signal` aborts.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true })
  await acquire(file, options)
  try {
    return await work()
  } finally {
    await unlink(file)
  }
}

async function acquire(file: string, { onWait, signal }: LockOptions): Promise<void> {
  let waitedFor: number | undefined
  while (!(await claim(file))) {
    const owner = await readOwner(file)
    if (owner === undefined) continue
    if (!isAlive(owner)) {
      await removeStale(file)
      continue
    }
    if (owner.pid !== waitedFor) onWait?.(owner)
    waitedFor = owner.pid
    await sleep(LOOK_AGAIN_MS, undefined, signal === undefined ? {} : { signal })
  }
}

/** A hard link appears whole or not at all, so nobody ever reads half an owner. */
async function claim(file: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`
  await writeFile(own, JSON.stringify(identify(process.pid)))
  try {
    await link(own, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await unlink(own)
  }
}

async function readOwner(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessIdentity
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (error instanceof SyntaxError) return { pid: 0, started: 'unreadable' }
    throw error
  }
}

/** Moves the lock aside before judging it again: two who saw the same dead owner must not remove a third one's lock. */
async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const owner = await readOwner(aside)
  if (owner !== undefined && isAlive(owner)) await link(aside, file)
  await rm(aside)
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
