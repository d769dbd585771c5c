import { API_VERSION } from '../../crds/names.ts'
import { reach, type AccessOptions } from '../access.ts'
import { partsOf, type Part } from '../engine.ts'
import { sentenceOf } from '../failure.ts'

/** What of Sluice is in the cluster, as far as the caller may see it; `trouble` says why not more. */
export type Installed = { resources?: string[]; engine?: Part[]; trouble?: string }

/** Never rejects. */
export async function installed(options: AccessOptions, namespace: string): Promise<Installed> {
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
