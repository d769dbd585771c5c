import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { defaultCache } from '../tools/cache.ts'
import { withLock } from '../tools/lock.ts'
import { isMade, openLayout, type Layout } from './layout.ts'
import { stateOfOwner } from './owner.ts'
import { stopStack } from './stop.ts'

/** All stacks of a user on this machine. */
export type Registry = {
  /** One at a time: of two that start together each sees what the other has chosen. */
  enter(stateDir: string, make: (others: Layout[]) => Promise<Layout>): Promise<Layout>
  /**
   * Ends the servers and pods of every stack whose owner and guard were killed, each by its pid and start time, and
   * returns their folders.
   */
  endOrphans(): Promise<string[]>
}

/** `$XDG_CACHE_HOME/sluice/stacks` holds the folder of each; one that was removed is forgotten. */
export function openRegistry(folder = join(dirname(defaultCache(process.env)), 'stacks')): Registry {
  return {
    enter: (stateDir, make) =>
      withLock(join(folder, '.lock'), async () => {
        const others = (await layoutsIn(folder)).filter((one) => one.stateDir !== stateDir)
        const layout = await make(others)
        await write(folder, layout.stateDir)
        return layout
      }),
    async endOrphans() {
      await mkdir(folder, { recursive: true })
      const ended: string[] = []
      for (const layout of await layoutsIn(folder)) if (await endOrphan(layout)) ended.push(layout.stateDir)
      return ended
    },
  }
}

/** Whoever starts or stops it meanwhile holds its lock: afterwards it is looked at again. */
async function endOrphan(layout: Layout): Promise<boolean> {
  if (stateOfOwner(layout) !== 'orphaned') return false
  return withLock(layout.path('lock'), async () => {
    if (stateOfOwner(layout) !== 'orphaned') return false
    await stopStack(layout)
    return true
  })
}

async function layoutsIn(folder: string): Promise<Layout[]> {
  await mkdir(folder, { recursive: true })
  const layouts: Layout[] = []
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.json'))) {
    const { stateDir } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { stateDir: string }
    if (isMade(stateDir)) layouts.push(openLayout(stateDir))
    else if (!existsSync(stateDir)) await rm(join(folder, name), { force: true })
  }
  return layouts
}

async function write(folder: string, stateDir: string): Promise<void> {
  const file = join(folder, `${createHash('sha256').update(stateDir).digest('hex').slice(0, 16)}.json`)
  await writeFile(`${file}.new`, JSON.stringify({ stateDir }))
  await rename(`${file}.new`, file)
}
