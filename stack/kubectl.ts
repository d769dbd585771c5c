import { execFile } from 'node:child_process'
import type { Layout } from './layout.ts'

const TIMEOUT_MS = 60_000
const LONGEST_COMPLAINT = 2_000

export type Kubectl = (args: string[], options?: { input?: object }) => Promise<string>

/** Arguments that every call needs: whose rights, and a cache of its own, since other clusters may have had our port. */
export function baseArguments(layout: Layout): string[] {
  return ['--kubeconfig', layout.kubeconfig.admin, '--cache-dir', layout.path('kubectl-cache')]
}

/** Runs kubectl as the admin and returns what it printed; `input` becomes its standard input. Throws with its words. */
export function createKubectl(layout: Layout, program: string, signal?: AbortSignal): Kubectl {
  const limits = { timeout: TIMEOUT_MS, maxBuffer: 64 << 20, ...(signal === undefined ? {} : { signal }) }
  return (args, { input } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const child = execFile(program, [...baseArguments(layout), ...args], limits, (error, stdout, stderr) => {
      const complaint = stderr.trim() || (error?.message ?? '')
      if (error === null) resolve(stdout)
      else reject(new Error(`kubectl ${args.join(' ')}: ${complaint.slice(0, LONGEST_COMPLAINT)}`))
    })
    // It may end before it has read everything; its own words then say why.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input === undefined ? '' : JSON.stringify(input))
    return promise
  }
}
