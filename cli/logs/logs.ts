import { LABEL } from '../../crds/names.ts'
import { PODS } from '../../crds/resources.ts'
import { isForbidden, reflect } from '../../kube/index.ts'
import { needRollout, reach, type Access, type AccessOptions } from '../access.ts'
import { Refusal } from '../failure.ts'
import { logTo } from '../follow.ts'
import { INTERRUPTED, whenInterrupted, type Terminal } from '../terminal.ts'
import { openReader, type ReadOptions } from './reader.ts'
import { choose, type Choice, type ChoiceOptions } from './sides.ts'
import { sourcesOf, type Pod, type Source } from './sources.ts'

export type LogsOptions = AccessOptions & ChoiceOptions & ReadOptions & { container?: string }

/**
 * `sluice logs NAME`: what the pods of canary and stable wrote, each line behind the pod that wrote it; with `follow` what
 * they and the pods after them write, until it is interrupted. Gives the exit code: 1 where nothing could be read. Throws
 * `Refusal`.
 */
export async function logs(name: string, options: LogsOptions, terminal: Terminal): Promise<number> {
  const access = reach(options)
  const choice = choose(await needRollout(access, name), options)
  const pods = await podsOf(access, name)
  const sources = (all: Pod[]): Source[] => all.flatMap((pod) => sourcesOf(pod, choice, options.container))
  if (options.follow) return follow(name, access, { options, terminal, sources })
  const found = sources(pods)
  if (found.length === 0) throw new Refusal(nothing(name, access, pods, choice, options.container))
  const read = openReader(access, options, terminal, new AbortController().signal)
  let isAnyRead = false
  for (const source of found) isAnyRead = (await read(source)) || isAnyRead
  return isAnyRead ? 0 : 1
}

type Following = { options: LogsOptions; terminal: Terminal; sources: (pods: Pod[]) => Source[] }

async function follow(name: string, access: Access, { options, terminal, sources }: Following): Promise<number> {
  const ended = new AbortController()
  const read = openReader(access, options, terminal, ended.signal)
  const begun = new Map<string, Promise<boolean>>()
  let look: () => void = () => undefined
  const pods = reflect<Pod>({
    kube: access.kube,
    namespace: access.namespace,
    resource: PODS,
    labelSelector: `${LABEL.rollout}=${name}`,
    onChange: () => look(),
    log: logTo(terminal),
  })
  await pods.synced
  look = () => {
    for (const source of sources(pods.items())) {
      if (source.hasBegun && !begun.has(source.key)) begun.set(source.key, read(source))
    }
  }
  look()
  await whenInterrupted(terminal)
  ended.abort()
  await Promise.all([pods.stop(), ...begun.values()])
  return INTERRUPTED
}

async function podsOf({ kube, namespace }: Access, name: string): Promise<Pod[]> {
  try {
    return (await kube.list<Pod>(PODS, { namespace, labelSelector: `${LABEL.rollout}=${name}` })).items
  } catch (error) {
    if (!isForbidden(error)) throw error
    throw new Refusal(
      `you may not read the pods of ${namespace}/${name}: that takes get and list on pods and get on pods/log in ` +
        `namespace ${namespace}, which the role view of every cluster has`,
    )
  }
}

function nothing(name: string, { namespace }: Access, pods: Pod[], { words }: Choice, container?: string): string {
  const names = pods.flatMap(({ spec }) => (spec?.containers ?? []).map((one) => one.name))
  if (container !== undefined && pods.length > 0 && !names.includes(container)) {
    return `no pod of ${name} has a container ${container}; there are ${[...new Set(names)].join(', ')}`
  }
  return `there is no pod of ${words} of ${namespace}/${name}`
}
