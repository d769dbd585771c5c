import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { GoSource, ManifestSource, Tool, WheelSource } from './catalogue.ts'
import { run } from './command.ts'
import { missingPrerequisites } from './prerequisites.mjs'

const DOWNLOAD_TIMEOUT_MS = 20 * 60_000
const BUILD_TIMEOUT_MS = 45 * 60_000
const DOWNLOAD_TRIES = 3

export type BuildContext = {
  /** Folder with one recipe folder per tool module. */
  recipes: string
  logs: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal
}

/** Sentences for what this machine lacks to build the tools; empty when nothing. */
export function missingFor(tools: Tool[], env: NodeJS.ProcessEnv): string[] {
  const needed = new Set(tools.map((tool) => (tool.source.kind === 'wheel' ? 'python' : 'go')))
  return missingPrerequisites([...needed], env)
}

/** Brings what the build of `tool` reads from a registry onto this machine; tried three times. */
export async function download(tool: Tool, context: BuildContext): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchSource(tool, context)
    } catch (error) {
      if (attempt === DOWNLOAD_TRIES || context.signal?.aborted === true) throw error
    }
  }
}

/** Builds `tool` into `folder`, under the tool's name. */
export async function build(tool: Tool, folder: string, context: BuildContext): Promise<void> {
  const target = path.join(folder, tool.name)
  switch (tool.source.kind) {
    case 'go':
      return compile(tool, tool.source, target, context)
    case 'wheel':
      return unpackWheel(tool, tool.source, target, context)
    case 'manifests':
      return collectManifests(tool, tool.source, target, context)
  }
}

async function fetchSource(tool: Tool, context: BuildContext): Promise<void> {
  const { source } = tool
  if (source.kind === 'wheel') return
  if (source.kind === 'go') {
    // Loading the package graph downloads exactly the modules that the build needs.
    await go(tool, ['list', '-deps', ...tagsOf(source), '-f', '{{if not .}}{{end}}', source.package], context)
    return
  }
  await go(tool, ['mod', 'download', ...source.modules.map((one) => one.module)], context)
}

async function compile(tool: Tool, source: GoSource, target: string, context: BuildContext): Promise<void> {
  const variables = Object.entries(source.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`)
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s -w', ...variables].join(' '), ...tagsOf(source)]
  await go(tool, ['build', ...flags, '-o', target, source.package], context, BUILD_TIMEOUT_MS)
}

function tagsOf(source: GoSource): string[] {
  return source.tags === undefined ? [] : ['-tags', source.tags]
}

async function go(tool: Tool, args: string[], context: BuildContext, timeoutMs = DOWNLOAD_TIMEOUT_MS): Promise<string> {
  // A workspace, flags or a C compiler of the user would make another binary than the pinned one.
  const env = { ...context.env, GOWORK: 'off', GOFLAGS: '', CGO_ENABLED: '0' }
  return run({ command: 'go', args, cwd: recipeOf(tool, context), env, timeoutMs, ...rest(tool, context) })
}

async function unpackWheel(tool: Tool, source: WheelSource, target: string, context: BuildContext): Promise<void> {
  const wheel = `${target}.wheel`
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', '--require-hashes']
  await run({
    command: 'python3',
    args: [...args, '--only-binary', ':all:', '--target', wheel, '--requirement', 'requirements.txt'],
    cwd: recipeOf(tool, context),
    env: { ...context.env, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' },
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    ...rest(tool, context),
  })
  await rename(path.join(wheel, source.file), target)
  await rm(wheel, { recursive: true })
}

async function collectManifests(tool: Tool, source: ManifestSource, target: string, context: BuildContext) {
  for (const { module, directory, folder } of source.modules) {
    const home = (await go(tool, ['list', '-m', '-f', '{{.Dir}}', module], context)).trim()
    await mkdir(path.join(target, folder), { recursive: true })
    for (const file of (await readdir(path.join(home, directory))).filter((name) => name.endsWith('.yaml'))) {
      await splitCrds(path.join(home, directory, file), path.join(target, folder))
    }
  }
}

/** JSON, one object per file: a start then sends the bytes as they are. */
async function splitCrds(file: string, folder: string): Promise<void> {
  for (const document of parseAllDocuments(await readFile(file, 'utf8'))) {
    const object = document.toJS() as { kind?: string; metadata?: { name: string } } | null
    if (object?.kind !== 'CustomResourceDefinition' || object.metadata === undefined) continue
    await writeFile(path.join(folder, `${object.metadata.name}.json`), JSON.stringify(object))
  }
}

function recipeOf(tool: Tool, context: BuildContext): string {
  return path.join(context.recipes, tool.source.recipe)
}

function rest(tool: Tool, { logs, signal }: BuildContext): { logFile: string; signal?: AbortSignal } {
  return { logFile: path.join(logs, `${tool.name}.log`), ...(signal === undefined ? {} : { signal }) }
}
