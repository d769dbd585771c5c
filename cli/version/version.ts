import manifest from '../../package.json' with { type: 'json' }
import { API_VERSION } from '../../crds/names.ts'
import type { AccessOptions } from '../access.ts'
import type { Part } from '../engine.ts'
import { written } from '../objects.ts'
import { table } from '../render.ts'
import type { Terminal } from '../terminal.ts'
import type { Installed } from './installed.ts'

export type VersionOptions = AccessOptions & { client?: boolean; engineNamespace: string; output?: 'json' | 'yaml' }

/** `sluice version`: of this program, and of the engine in the cluster as far as the caller may see it. Never throws. */
export async function version(options: VersionOptions, terminal: Terminal): Promise<void> {
  const known = { client: manifest.version, ...(options.client ? {} : await inCluster(options)) }
  if (options.output) return terminal.print(await written(known, options.output))
  const { client, resources, engine, trouble } = known
  terminal.print(
    [
      `client      ${client}`,
      ...(resources ? [`resources   ${resources.length === 0 ? 'not installed' : API_VERSION}`] : []),
      ...(engine && engine.length > 0 ? engineLines(engine) : []),
      '',
    ].join('\n'),
  )
  if (trouble !== undefined) terminal.complain(`${trouble}\n`)
}

/** Whoever asks for the client's alone does not wait for what speaks to clusters. */
async function inCluster(options: VersionOptions): Promise<Installed> {
  const { installed } = await import('./installed.ts')
  return installed(options, options.engineNamespace)
}

const engineLines = (parts: Part[]): string[] => [
  '',
  ...table(
    ['ENGINE', 'IMAGE', 'READY'],
    parts.map(({ name, image, ready, replicas }) => [name, image, `${ready}/${replicas}`]),
  ),
]
