import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Tool } from './catalogue.ts'

const UNFINISHED = '.unfinished-'

/** `$XDG_CACHE_HOME/sluice/tools`, outside every checkout. */
export function defaultCache(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CACHE_HOME !== undefined && env.XDG_CACHE_HOME !== '' ? env.XDG_CACHE_HOME : undefined
  return path.join(base ?? path.join(homedir(), '.cache'), 'sluice', 'tools')
}

/** The folder of one tool's entry: its name, its version, and a hash over the recipe and the flags. */
export async function entryOf(cache: string, recipes: string, tool: Tool): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(tool.source))
  const recipe = path.join(recipes, tool.source.recipe)
  for (const file of (await readdir(recipe)).toSorted()) {
    hash.update(file).update(await readFile(path.join(recipe, file)))
  }
  return path.join(cache, `${tool.name}-${tool.version}-${hash.digest('hex').slice(0, 10)}`)
}

/** What an entry holds under the tool's name; undefined while the entry is absent or half-built. */
export function contentOf(entry: string, tool: Tool): string | undefined {
  const content = path.join(entry, tool.name)
  return existsSync(content) ? content : undefined
}

/** Lets `fill` write into a folder aside and puts it in place at the end, so that an entry is there whole or not. */
export async function publish(entry: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const aside = path.join(path.dirname(entry), `${UNFINISHED}${randomUUID()}`)
  await mkdir(aside, { recursive: true })
  try {
    await fill(aside)
    await rm(entry, { recursive: true, force: true })
    await rename(aside, entry)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Removes what killed builds left. Only for the holder of the cache's lock. */
export async function sweep(cache: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  for (const name of await readdir(cache)) {
    if (name.startsWith(UNFINISHED)) await rm(path.join(cache, name), { recursive: true, force: true })
  }
}
