import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Tool } from './catalogue.ts'

const VERSION_TIMEOUT_MS = 10_000

/** The path that the tool's variable names. Throws when the variable is set and nothing usable is there. */
export async function namedByVariable(tool: Tool, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const named = env[tool.variable]
  if (named === undefined || named === '') return undefined
  if (await usable(named, tool.onPath === undefined ? constants.R_OK : constants.X_OK)) return path.resolve(named)
  throw new Error(`${tool.variable} is ${named}, and there is no usable ${tool.name} there: correct or unset it.`)
}

/** The first one on PATH whose major and minor version are the pinned ones. */
export async function foundOnPath(tool: Tool, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if (tool.onPath === undefined) return undefined
  for (const folder of (env.PATH ?? '').split(path.delimiter).filter((one) => path.isAbsolute(one))) {
    const file = path.join(folder, tool.onPath.command)
    if ((await usable(file, constants.X_OK)) && (await fits(tool.version, file, tool.onPath, env))) return file
  }
  return undefined
}

async function usable(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  )
}

async function fits(pinned: string, file: string, asked: NonNullable<Tool['onPath']>, env: NodeJS.ProcessEnv) {
  const told = await promisify(execFile)(file, asked.args, { env, timeout: VERSION_TIMEOUT_MS }).then(
    ({ stdout, stderr }) => stdout + stderr,
    // One that cannot even tell its version is passed over, like one of another version.
    () => '',
  )
  const version = asked.version.exec(told)?.[1]
  return version !== undefined && minorOf(version) === minorOf(pinned)
}

function minorOf(version: string): string {
  return version.split('.', 2).join('.')
}
