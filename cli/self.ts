import { basename } from 'node:path'
import process from 'node:process'

/** How whoever reads it can start this program again: by npm or kubectl where those have started it, else by its name. */
export function callOf({ npm_lifecycle_event: script }: NodeJS.ProcessEnv, started = ''): string {
  if (script === 'sluice') return 'npm run -s sluice --'
  return basename(started).startsWith('kubectl-') ? 'kubectl sluice' : 'sluice'
}

export const SELF = callOf(process.env, process.argv[1])

export const isByNpm = SELF.startsWith('npm')
