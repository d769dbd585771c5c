import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Layout, openLayout } from './layout.ts'
import { stopStack } from './stop.ts'

/** Watches over a stack whose owner is a process: when that ends, however it ends, the servers end too. */
export type Guard = {
  pid: number | undefined
  /** The owner has ended the servers, or wants them to outlive it. */
  dismiss(): void
}

/** The guard sees the owner's end by the end of a pipe, which no signal and no crash can prevent. */
export function startGuard({ stateDir }: Layout): Guard {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), stateDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  const pipe = child.stdin as typeof child.stdin & { unref?(): void }
  pipe.unref?.()
  // A guard that somebody ended must not end its owner by a broken pipe.
  pipe.on('error', () => pipe.destroy())
  return { pid: child.pid, dismiss: () => void pipe.end(DISMISSED) }
}

const DISMISSED = 'dismissed'

async function keepWatch(stateDir: string): Promise<void> {
  let said = ''
  for await (const chunk of process.stdin) said += String(chunk)
  if (said === DISMISSED) return
  const layout = openLayout(stateDir)
  try {
    await stopStack(layout)
  } catch (error) {
    appendFileSync(layout.logOf('guard'), `${new Date().toISOString()} ${String(error)}\n`)
    process.exitCode = 1
  }
}

if (import.meta.main && process.argv[2] !== undefined) await keepWatch(process.argv[2])
