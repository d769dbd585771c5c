import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Access } from './ground.ts'

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

/** Gives what the command line says. */
export async function sluice({ kubeconfig }: Pick<Access, 'kubeconfig'>, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--kubeconfig', kubeconfig])
  return stdout
}
