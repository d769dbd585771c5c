import manifest from '../package.json' with { type: 'json' }
import { API_VERSION } from '../crds/names.ts'
import { reach, type AccessOptions } from './access.ts'
import { partsOf, type Part } from './engine.ts'
import { sentenceOf } from './failure.ts'
import { written } from './objects.ts'
import { table } from './render.ts'
import type { Terminal } from './terminal.ts'

export type VersionOptions = AccessOptions & { client?: boolean; engineNamespace: string; output?: 'json' | 'yaml' }

type Known = { client: string; resources?: string[]; engine?: Part[]; trouble?: string }

/** `sluice version`: of this program, and of the engine in the cluster as far as the caller may see it. Never throws. */
export async function version(options: VersionOptions, terminal: Terminal): Promise<void> {
  const known: Known = { client: manifest.version, ...(options.client ? {} : await inCluster(options)) }
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

async function inCluster(options: VersionOptions): Promise<Omit<Known, 'client'>> {
  const { engineNamespace: namespace } = options
  try {
    const access = reach(options)
    const resources = ((await access.kube.kinds(API_VERSION)) ?? []).map(({ kind }) => kind)
    const engine = await partsOf(access, namespace)
    if (resources.length === 0)
      return { resources, trouble: 'Sluice is not installed here: kubectl apply -k deploy/crds' }
    if (engine === undefined) {
      return {
        resources,
        trouble: `You may not see the Deployments in ${namespace}, so the engine's version is not known.`,
      }
    }
    if (engine.length > 0) return { resources, engine }
    const trouble = `There is no Deployment of the engine in ${namespace}; --engine-namespace looks elsewhere.`
    return { resources, engine, trouble }
  } catch (error) {
    return { trouble: sentenceOf(error) }
  }
}

const engineLines = (parts: Part[]): string[] => [
  '',
  ...table(
    ['ENGINE', 'IMAGE', 'READY'],
    parts.map(({ name, image, ready, replicas }) => [name, image, `${ready}/${replicas}`]),
  ),
]
