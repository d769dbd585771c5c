import { DECISIONS } from '../../crds/resources.ts'
import type { Decision, DecisionStatus } from '../../crds/schema/decision.ts'
import { reflect } from '../../kube/index.ts'
import type { Access } from '../access.ts'
import { logTo } from '../follow.ts'
import type { Terminal } from '../terminal.ts'

/** What the engine made of a Decision; undefined when it has said nothing so long. */
export async function outcomeOf(
  { kube, namespace }: Access,
  { metadata: { name } }: Decision,
  { withinMs, terminal }: { withinMs: number; terminal: Terminal },
): Promise<DecisionStatus | undefined> {
  const { promise, resolve } = Promise.withResolvers<DecisionStatus | undefined>()
  const timer = setTimeout(() => resolve(undefined), withinMs)
  const decisions = reflect<Decision>({
    kube,
    namespace,
    resource: DECISIONS,
    fieldSelector: `metadata.name=${name}`,
    onChange: (key) => {
      const status = decisions.get(key)?.status
      if (status?.outcome !== undefined) resolve(status)
    },
    log: logTo(terminal),
  })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    await decisions.stop()
  }
}
