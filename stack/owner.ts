import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { identify, isAlive, type ProcessIdentity } from '../tools/identity.ts'
import type { Layout } from './layout.ts'

/** Whose stack it is, and who ends its servers when that process is gone. */
type Ownership = { owner: ProcessIdentity; guard: ProcessIdentity | undefined }

/** From now on the stack ends with this process. */
export function own(layout: Layout, guardPid: number | undefined): void {
  const owner = identify(process.pid)
  if (owner === undefined) throw new Error('this process cannot be identified')
  const ownership: Ownership = { owner, guard: guardPid === undefined ? undefined : identify(guardPid) }
  const file = fileOf(layout)
  writeFileSync(`${file}.new`, JSON.stringify(ownership))
  renameSync(`${file}.new`, file)
}

/** The stack is nobody's: it ends when it is told to. */
export function disown(layout: Layout): void {
  rmSync(fileOf(layout), { force: true })
}

/**
 * `nobody`: it ends when it is told to. `orphaned`: its owner is gone, and so is whoever should have ended it.
 * `ending`: its owner is gone, its guard is at work.
 */
export function stateOfOwner(layout: Layout): 'nobody' | 'alive' | 'ending' | 'orphaned' {
  const file = fileOf(layout)
  if (!existsSync(file)) return 'nobody'
  const { owner, guard } = JSON.parse(readFileSync(file, 'utf8')) as Ownership
  if (isAlive(owner)) return 'alive'
  return guard !== undefined && isAlive(guard) ? 'ending' : 'orphaned'
}

const fileOf = (layout: Layout): string => layout.path('run', 'owner.json')
