import { rm } from 'node:fs/promises'
import path from 'node:path'
import { build, type BuildContext, download, missingFor } from './build.ts'
import { contentOf, defaultCache, entryOf, publish, sweep } from './cache.ts'
import { CATALOGUE, type Tool, type ToolName } from './catalogue.ts'
import { foundOnPath, namedByVariable } from './installed.ts'
import { withLock } from './lock.ts'

/** What happens to one tool; `position` of `total` counts the tools that had to be built. */
export type ToolEvent = {
  tool: string
  state: 'downloading' | 'building' | 'built'
  position: number
  total: number
}

export type ProgressReport = (event: ToolEvent | { state: 'waiting'; pid: number }) => void

export type EnsureOptions<Name extends string> = {
  names: readonly Name[]
  onProgress?: ProgressReport
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
  /** For tests: tools of their own, with the folder of their recipes. */
  catalogue?: readonly Tool[]
  recipes?: string
}

/**
 * Paths of the named tools, from the environment variable, PATH (a version that fits), the cache, or built now.
 * One process builds at a time; others wait for it. Throws with a sentence when a prerequisite or a build fails.
 */
export async function ensureTools<Name extends string = ToolName>(
  options: EnsureOptions<Name>,
): Promise<Record<Name, string>> {
  const place = placeOf(options)
  const tools = options.names.map((name) => toolOf(name, place.catalogue))
  const found = await Promise.all(tools.map((tool) => find(tool, place)))
  const missing = tools.filter((_, index) => found[index] === undefined)
  if (missing.length > 0) await buildMissing(missing, place, options)
  const paths = await Promise.all(tools.map(async (tool, index) => found[index] ?? inCache(tool, place)))
  return Object.fromEntries(tools.map((tool, index) => [tool.name, paths[index]])) as Record<Name, string>
}

type Place = { env: NodeJS.ProcessEnv; cache: string; recipes: string; catalogue: readonly Tool[] }

function placeOf({ env = process.env, recipes = import.meta.dirname, catalogue = CATALOGUE }: EnsureOptions<string>) {
  return { env, cache: defaultCache(env), recipes, catalogue }
}

function toolOf(name: string, catalogue: readonly Tool[]): Tool {
  const tool = catalogue.find((one) => one.name === name)
  if (tool === undefined)
    throw new Error(`there is no tool ${name}; known: ${catalogue.map((one) => one.name).join(', ')}`)
  return tool
}

async function find(tool: Tool, place: Place): Promise<string | undefined> {
  return (
    (await namedByVariable(tool, place.env)) ?? (await foundOnPath(tool, place.env)) ?? (await inCache(tool, place))
  )
}

async function inCache(tool: Tool, place: Place): Promise<string | undefined> {
  return contentOf(await entryOf(place.cache, place.recipes, tool), tool)
}

async function buildMissing(tools: Tool[], place: Place, options: EnsureOptions<string>): Promise<void> {
  const lacking = missingFor(tools, place.env)
  if (lacking.length > 0) {
    throw new Error(`${lacking.join('\n')}\nIt is needed to build ${tools.map((tool) => tool.name).join(', ')}.`)
  }
  const wait = (owner: { pid: number }): void => options.onProgress?.({ state: 'waiting', pid: owner.pid })
  await withLock(
    path.join(place.cache, '.lock'),
    async () => {
      await sweep(place.cache)
      // Whoever held the lock before may have built some of them.
      const present = await Promise.all(tools.map((tool) => inCache(tool, place)))
      await buildInTurn(
        tools.filter((_, index) => present[index] === undefined),
        place,
        options,
      )
    },
    { onWait: wait, ...(options.signal === undefined ? {} : { signal: options.signal }) },
  )
}

/** One build at a time, since Go uses every core by itself; the next tool's modules are downloaded meanwhile. */
async function buildInTurn(tools: Tool[], place: Place, options: EnsureOptions<string>): Promise<void> {
  const context = contextOf(place, options)
  const tell = (tool: Tool, state: ToolEvent['state']): void =>
    options.onProgress?.({ tool: tool.name, state, position: tools.indexOf(tool) + 1, total: tools.length })
  let ahead = begin(tools[0], context)
  for (const [index, tool] of tools.entries()) {
    tell(tool, 'downloading')
    await ahead.done
    ahead = begin(tools[index + 1], context)
    tell(tool, 'building')
    await publish(await entryOf(place.cache, place.recipes, tool), (folder) => build(tool, folder, context))
    tell(tool, 'built')
  }
}

function begin(tool: Tool | undefined, context: BuildContext): { done: Promise<void> } {
  if (tool === undefined) return { done: Promise.resolve() }
  const done = rm(path.join(context.logs, `${tool.name}.log`), { force: true }).then(() => download(tool, context))
  // A failed download is told when its turn comes, not while another tool is being built.
  done.catch(() => undefined)
  return { done }
}

function contextOf(place: Place, { signal }: EnsureOptions<string>): BuildContext {
  return {
    recipes: place.recipes,
    logs: path.join(place.cache, 'logs'),
    env: place.env,
    ...(signal === undefined ? {} : { signal }),
  }
}
