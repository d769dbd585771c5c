import type { PodTemplate } from '../crds/schema/rollout.ts'

export type ConfigKind = 'ConfigMap' | 'Secret'

/** A ConfigMap or Secret that pods read. `optional`: they start without it. */
export type ConfigReference = { kind: ConfigKind; name: string; optional: boolean }

export const configKey = ({ kind, name }: Pick<ConfigReference, 'kind' | 'name'>): string => `${kind}/${name}`

/**
 * Every ConfigMap and Secret that variables and volumes of the pods are made of, each once. Image pull secrets and
 * credentials of storage drivers are none of the pods' config.
 */
export function referencesOf(template: PodTemplate): ConfigReference[] {
  const found = new Map<string, ConfigReference>()
  renamed(template, (reference) => {
    const before = found.get(configKey(reference))
    found.set(configKey(reference), { ...reference, optional: reference.optional && (before?.optional ?? true) })
    return reference.name
  })
  return [...found.values()]
}

/** The template with another name at every reference; everything else as it was. */
export function renamed(template: PodTemplate, nameOf: NameOf): PodTemplate {
  const spec: Loose = template.spec
  const changed = {
    ...each(spec, 'containers', (container) => inContainer(container, nameOf)),
    ...each(spec, 'initContainers', (container) => inContainer(container, nameOf)),
    ...each(spec, 'volumes', (volume) => inVolume(volume, nameOf)),
  }
  return { ...template, spec: { ...template.spec, ...changed } }
}

type NameOf = (reference: ConfigReference) => string
type Loose = Record<string, unknown>

function inContainer(container: Loose, nameOf: NameOf): Loose {
  const variable = (one: Loose): Loose => {
    if (!isLoose(one.valueFrom)) return one
    const from = { ...one.valueFrom }
    return {
      ...one,
      valueFrom: {
        ...from,
        ...reference(from, 'configMapKeyRef', { kind: 'ConfigMap', nameOf }),
        ...reference(from, 'secretKeyRef', { kind: 'Secret', nameOf }),
      },
    }
  }
  const all = (one: Loose): Loose => ({
    ...one,
    ...reference(one, 'configMapRef', { kind: 'ConfigMap', nameOf }),
    ...reference(one, 'secretRef', { kind: 'Secret', nameOf }),
  })
  return { ...container, ...each(container, 'env', variable), ...each(container, 'envFrom', all) }
}

function inVolume(volume: Loose, nameOf: NameOf): Loose {
  const source = (one: Loose): Loose => ({
    ...one,
    ...reference(one, 'configMap', { kind: 'ConfigMap', nameOf }),
    ...reference(one, 'secret', { kind: 'Secret', nameOf }),
  })
  const { projected } = volume
  return {
    ...volume,
    ...reference(volume, 'configMap', { kind: 'ConfigMap', nameOf }),
    ...reference(volume, 'secret', { kind: 'Secret', nameOf, field: 'secretName' }),
    ...(isLoose(projected) ? { projected: { ...projected, ...each(projected, 'sources', source) } } : {}),
  }
}

type Naming = { kind: ConfigKind; nameOf: NameOf; field?: 'name' | 'secretName' }

/** The member of `holder` with its new name; nothing where there is none. */
function reference(holder: Loose, member: string, { kind, nameOf, field = 'name' }: Naming): Loose {
  const found = holder[member]
  if (!isLoose(found)) return {}
  const name = found[field]
  if (typeof name !== 'string' || name === '') return {}
  return { [member]: { ...found, [field]: nameOf({ kind, name, optional: found.optional === true }) } }
}

function each(holder: Loose, member: string, change: (one: Loose) => Loose): Loose {
  const list = holder[member]
  return Array.isArray(list) ? { [member]: list.map((one: unknown) => (isLoose(one) ? change(one) : one)) } : {}
}

const isLoose = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value)
