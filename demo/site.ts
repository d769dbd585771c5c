import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { isMade, openLayout } from '../stack/layout.ts'
import { isOfDemo, markAsDemo } from '../stack/maker.ts'
import { runningServers } from '../stack/stop.ts'

/**
 * Makes `stateDir` free for the demo's cluster, and the demo's. What an earlier demo left there is cleared; a stopped
 * cluster of somebody else is moved aside and `say` told how to bring it back. Throws when a cluster runs there.
 */
export async function clearSite(stateDir: string, say: (text: string) => void, at = new Date()): Promise<void> {
  const here = relative(process.cwd(), stateDir) || stateDir
  if (runs(stateDir)) throw new Error(`a cluster runs in ${here} already; end it by: npm run stack -- down`)
  if (isOfDemo(stateDir)) {
    say(`what the last demo left in ${here} is cleared`)
    await rm(stateDir, { recursive: true, force: true })
  } else if (existsSync(stateDir)) {
    const aside = join(dirname(stateDir), `${basename(stateDir)}-${at.toISOString().replaceAll(/[:.]/g, '-')}`)
    await rename(stateDir, aside)
    const there = relative(process.cwd(), aside)
    say(
      `a stopped cluster of yours in ${here} is kept: it is in ${there} now. To bring it back: ` +
        `npm run stack -- --state-dir ${there} up`,
    )
  }
  markAsDemo(stateDir)
}

const runs = (stateDir: string): boolean => isMade(stateDir) && runningServers(openLayout(stateDir)).length > 0
