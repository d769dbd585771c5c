import type { Container, EnvVar, Pod } from './pod.ts'

/** What a registry is on other clusters: a name stands for a program of this machine. */
export type Catalogue = Record<string, Image>
export type Image = {
  /** Program and arguments; a container's `command` takes its place, `args` come after it. */
  entrypoint: string[]
  env?: Record<string, string>
  /** Names of ports that the image listens on whether a container declares them or not. */
  exposes?: string[]
}

export type Command = { command: string[]; env: Record<string, string> }
export type Refusal = { reason: 'ErrImagePull' | 'CreateContainerConfigError'; message: string }

/** Names of the ports that a container needs, declared ones first. */
export function portNames({ ports = [] }: Container, image: Image | undefined): string[] {
  return [...new Set([...ports.map((port) => port.name ?? String(port.containerPort)), ...(image?.exposes ?? [])])]
}

/**
 * What to start for a container, or why not in a kubelet's words. Ports are this machine's: `PORT` is the first one,
 * `PORT_<NAME>` each of them. Of the agent's own environment only what finds programs goes to the process.
 */
export function commandOf(
  pod: Pod,
  container: Container,
  { image, ports }: { image: Image | undefined; ports: Record<string, number> },
): Command | Refusal {
  if (!image) {
    return {
      reason: 'ErrImagePull',
      message: `failed to pull image "${container.image}": it is not in the catalogue of this node`,
    }
  }
  const unsupported = unsupportedIn(pod, container)
  if (unsupported) {
    return { reason: 'CreateContainerConfigError', message: `${unsupported} is not supported by this node` }
  }
  const declared = declaredEnv(pod, container.env ?? [])
  const env = { ...inherited(), HOSTNAME: pod.metadata.name, ...portEnv(ports), ...image.env, ...declared }
  const expand = (text: string): string =>
    text.replace(/\$\((\w+)\)/g, (whole, name: string) => (env as Record<string, string>)[name] ?? whole)
  const command = [...(container.command ?? image.entrypoint), ...(container.args ?? [])].map(expand)
  return { command, env }
}

function unsupportedIn(
  { spec }: Pod,
  { env = [], envFrom = [], readinessProbe: probe }: Container,
): string | undefined {
  if (spec.initContainers?.length) return 'initContainers'
  if (envFrom.length > 0) return 'envFrom'
  const foreign = env.find(({ valueFrom }) => valueFrom && !valueFrom.fieldRef?.fieldPath.startsWith('metadata.'))
  if (foreign) return `valueFrom of the variable ${foreign.name}`
  if (probe && !probe.httpGet) return 'a readinessProbe other than httpGet'
  return undefined
}

const declaredEnv = (pod: Pod, env: EnvVar[]): Record<string, string> =>
  Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      valueFrom?.fieldRef ? field(pod, valueFrom.fieldRef.fieldPath) : (value ?? ''),
    ]),
  )

/** `metadata.name`, `metadata.labels['key']` and their like. */
function field({ metadata }: Pod, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const value = metadata[path.slice('metadata.'.length) as keyof typeof metadata]
  return typeof value === 'string' ? value : ''
}

const portEnv = (ports: Record<string, number>): Record<string, string> => {
  const named = Object.entries(ports).map(([name, port]) => [`PORT_${name.toUpperCase().replaceAll('-', '_')}`, port])
  const [first] = Object.values(ports)
  return Object.fromEntries([...(first === undefined ? [] : [['PORT', first]]), ...named].map(([k, v]) => [k, `${v}`]))
}

function inherited(): Record<string, string> {
  const wanted = ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE'] as const
  return Object.fromEntries(wanted.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
