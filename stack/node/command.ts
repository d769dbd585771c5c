import type { Configs } from './configs.ts'
import { environmentOf, expand } from './environment.ts'
import type { Container, Handler, Pod } from './pod.ts'
import type { Tokens } from './tokens.ts'
import { mountVolumes } from './volumes.ts'

/** What a registry is on other clusters: a name stands for a program of this machine. */
export type Catalogue = Record<string, Image>
export type Image = {
  /** Program and arguments; a container's `command` takes its place, `args` come after it. */
  entrypoint: string[]
  env?: Record<string, string>
  /** Names of ports that the image listens on whether a container declares them or not. */
  exposes?: string[]
}

/** Where a container runs: its probes and hooks run there too. */
export type Place = { env: Record<string, string>; directory: string }
export type Command = Place & { command: string[] }
export type Refusal = {
  reason: 'ErrImagePull' | 'CreateContainerConfigError' | 'ContainerCreating'
  message: string
}

/** Names of the ports that a container needs, declared ones first. */
export function portNames({ ports = [] }: Container, image: Image | undefined): string[] {
  return [...new Set([...ports.map((port) => port.name ?? String(port.containerPort)), ...(image?.exposes ?? [])])]
}

type Means = {
  image: Image | undefined
  ports: Record<string, number>
  configs: Configs
  tokens: Tokens
  /** Of the pod. */
  directory: string
}

/**
 * What to start for a container, or why not in a kubelet's words. Ports are this machine's: `PORT` is the first one,
 * `PORT_<NAME>` each of them. Of the agent's own environment only what finds programs goes to the process. Rejects when
 * the API server does not answer.
 */
export async function commandOf(pod: Pod, container: Container, means: Means): Promise<Command | Refusal> {
  const { image, ports } = means
  if (!image) {
    return {
      reason: 'ErrImagePull',
      message: `failed to pull image "${container.image}": it is not in the catalogue of this node`,
    }
  }
  const unsupported = unsupportedIn(container)
  if (unsupported) return refused(`${unsupported} is not supported by this node`)
  const mounted = await mountVolumes(pod, container, means)
  if ('missing' in mounted) return { reason: 'ContainerCreating', message: mounted.missing }
  const place = { HOSTNAME: pod.metadata.name, CONTAINER_ROOT: mounted.root }
  const base = { ...inherited(), ...place, ...portEnv(ports), ...image.env }
  const resolved = await environmentOf(pod, container, { ...means, base })
  if ('missing' in resolved) return refused(resolved.missing)
  const { env } = resolved
  const words = [...(container.command ?? image.entrypoint), ...(container.args ?? [])]
  return { command: words.map((word) => expand(word, env)), env, directory: mounted.root }
}

const refused = (message: string): Refusal => ({ reason: 'CreateContainerConfigError', message })

function unsupportedIn({ lifecycle, startupProbe, readinessProbe, livenessProbe }: Container): string | undefined {
  if (lifecycle?.postStart) return 'lifecycle.postStart'
  const probes = { startupProbe, readinessProbe, livenessProbe }
  const strange = Object.entries(probes).find(([, probe]) => probe && !isKnown(probe))
  return strange && `a ${strange[0]} other than httpGet, tcpSocket and exec`
}

const isKnown = ({ httpGet, tcpSocket, exec }: Handler): boolean => Boolean(httpGet ?? tcpSocket ?? exec)

const portEnv = (ports: Record<string, number>): Record<string, string> => {
  const named = Object.entries(ports).map(([name, port]) => [`PORT_${name.toUpperCase().replaceAll('-', '_')}`, port])
  const [first] = Object.values(ports)
  return Object.fromEntries([...(first === undefined ? [] : [['PORT', first]]), ...named].map(([k, v]) => [k, `${v}`]))
}

function inherited(): Record<string, string> {
  const wanted = ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE'] as const
  return Object.fromEntries(wanted.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}
