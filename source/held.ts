import { ADOPTED_BY, LABEL } from '../crds/names.ts'
import type { KubeObject } from '../kube/index.ts'
import type { Declared } from './manifests.ts'

type Fields = { [field: string]: unknown }

/**
 * What the engine holds of a user's object, and nobody puts back while it does: the routes of a release, the replicas of
 * an adopted Deployment, the revision in the selector of its Service. Otherwise two parts of us would fight.
 */
export function withHeld(declared: Declared, live: KubeObject | undefined): Declared {
  if (!live) return declared
  const spec = { ...(declared['spec'] as Fields | undefined) }
  const held = (live as Declared)['spec'] as Fields | undefined
  const annotations = live.metadata.annotations ?? {}
  if (declared.kind === 'VirtualService' && Object.entries(annotations).some(isOfRelease)) {
    return { ...declared, spec: { ...spec, ...pick(held, ['http', 'tls', 'tcp']) } }
  }
  if (annotations[ADOPTED_BY] === undefined) return declared
  if (declared.kind === 'Deployment') {
    delete spec['replicas']
    return { ...declared, spec }
  }
  const revision = (held?.['selector'] as Fields | undefined)?.[LABEL.revision]
  if (declared.kind !== 'Service' || revision === undefined || spec['selector'] === undefined) return declared
  return { ...declared, spec: { ...spec, selector: { ...(spec['selector'] as Fields), [LABEL.revision]: revision } } }
}

/** At rest the annotation keeps no destinations, and the route reads as it is declared. */
const isOfRelease = ([name, text]: [string, string]): boolean =>
  name.endsWith('.sluice.dev/route') && text.includes('"rest":')

const pick = (fields: Fields | undefined, names: string[]): Fields =>
  Object.fromEntries(names.flatMap((name) => (fields?.[name] === undefined ? [] : [[name, fields[name]]])))
