import { NAMESPACES, RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import { LABEL } from '../../crds/names.ts'
import type { Release } from '../../crds/schema/release.ts'
import type { Rollout } from '../../crds/schema/rollout.ts'
import { contextsOf } from '../../kube/index.ts'
import { reach } from '../access.ts'
import { phaseOf } from '../words.ts'
import type { Candidate, Completion, Wanted } from './candidates.ts'

/** Whoever presses a key twice does not wait longer. */
const WITHIN_MS = 1_500

/** Names from the cluster; none when it does not answer soon, or not at all: a shell has no place for complaints. */
export async function lookUp(wanted: Wanted, typed: Completion['typed']): Promise<Candidate[]> {
  const { promise: late, resolve } = Promise.withResolvers<Candidate[]>()
  const timer = setTimeout(() => resolve([]), WITHIN_MS)
  try {
    return await Promise.race([ask(wanted, typed).catch(() => []), late])
  } finally {
    clearTimeout(timer)
  }
}

async function ask(wanted: Wanted, { flags, name }: Completion['typed']): Promise<Candidate[]> {
  const options = accessFrom(flags)
  if (wanted === 'files') return []
  if (wanted === 'contexts')
    return contextsOf(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }).map((word) => ({
      word,
    }))
  const { kube, namespace } = reach(options)
  if (wanted === 'namespaces') {
    return (await kube.list(NAMESPACES)).items.map(({ metadata }) => ({ word: metadata.name }))
  }
  if (wanted === 'releases') {
    const labelSelector = `${LABEL.rollout}=${name}`
    const { items } = await kube.list<Release>(RELEASES, { namespace, labelSelector })
    return items.map(({ spec, status }) => ({ word: `${spec.number}`, about: status?.outcome ?? 'Running' }))
  }
  const { items } = await kube.list<Rollout>(ROLLOUTS, { namespace })
  if (wanted === 'rollouts') {
    return items.map(({ metadata, status }) => ({ word: metadata.name, about: phaseOf(status) }))
  }
  const asked = items.find(({ metadata }) => metadata.name === name)?.status
  return asked?.gate ? [{ word: asked.gate, about: asked.message ?? '' }] : []
}

function accessFrom(flags: Map<string, string>): Partial<Record<(typeof FLAGS)[number], string>> {
  return Object.fromEntries(FLAGS.flatMap((name) => (flags.has(name) ? [[name, flags.get(name)]] : [])))
}

const FLAGS = ['kubeconfig', 'context', 'namespace', 'as'] as const
