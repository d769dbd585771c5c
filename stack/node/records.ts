import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, type ProcessIdentity } from '../../tools/identity.ts'

/** The processes that are running now, on disk: whoever comes after a killed agent finds them there. */
export type Records = { add(pid: number): void; remove(pid: number): void }

export function openRecords(stateDir: string): Records {
  const entries = new Map<number, ProcessIdentity>()
  mkdirSync(join(stateDir, 'pods'), { recursive: true })
  // Synchronous: between a process's start and its record nothing else may happen, the end of this process included.
  function save(): void {
    const file = fileOf(stateDir)
    writeFileSync(`${file}.new`, JSON.stringify([...entries.values()]))
    renameSync(`${file}.new`, file)
  }
  return {
    add(pid) {
      const identity = identify(pid)
      if (identity === undefined) return
      entries.set(pid, identity)
      save()
    },
    remove(pid) {
      if (entries.delete(pid)) save()
    },
  }
}

/**
 * Ends the pod processes that an agent of this state directory left behind when it was killed, and returns how many.
 * Only for when no agent is running. Throws when one of them is still there 5 s after SIGKILL.
 */
export async function endLeftovers(stateDir: string): Promise<number> {
  const alive = () => readEntries(stateDir).filter(isAlive)
  const found = alive()
  for (const { pid } of found) signalGroup(pid, 'SIGKILL')
  const deadline = Date.now() + 5_000
  while (alive().length > 0) {
    if (Date.now() > deadline)
      throw new Error(
        `pod processes do not end: pids ${alive()
          .map((one) => one.pid)
          .join(', ')}`,
      )
    await sleep(20)
  }
  return found.length
}

/** Signals a process and everything that it started. A group that is gone is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const fileOf = (stateDir: string): string => join(stateDir, 'pods', 'processes.json')

function readEntries(stateDir: string): ProcessIdentity[] {
  let text: string
  try {
    text = readFileSync(fileOf(stateDir), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return JSON.parse(text) as ProcessIdentity[]
}
