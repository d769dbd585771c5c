import type { Action } from '../crds/decision.ts'
import { ROLLOUTS } from '../crds/resources.ts'
import { describeError, reviewAccess } from '../kube/index.ts'
import type { Access } from './access.ts'
import { Refusal } from './failure.ts'
import { SELF } from './self.ts'

/**
 * Asks the API server whether the caller may `create` on `rollouts/<action>`. Throws `Refusal` when it says no, and when
 * it cannot be asked: a word that nobody has vouched for is not said.
 */
export async function needRight({ kube, namespace }: Access, action: Action, name: string): Promise<void> {
  const { group } = ROLLOUTS
  const asked = { namespace, name, verb: 'create', group, resource: 'rollouts', subresource: action }
  const right = `create on rollouts/${action} in namespace ${namespace}`
  const isAllowed = await reviewAccess(kube, asked).catch((error: unknown) => {
    throw new Refusal(
      `nothing was sent: the API server did not say whether you may ${action} (the right ${right}): ` +
        `${describeError(error)}. To go back with the right to write the route: ${SELF} rollback ${name} --direct`,
    )
  })
  if (isAllowed) return
  throw new Refusal(
    `you may not ${action} ${namespace}/${name}: you lack the right ${right}, which ${rolesFor(action)}`,
  )
}

/** As in deploy/base/people-roles.yaml. */
export function rolesFor(action: Action): string {
  const roles = [
    'sluice-operator',
    ...(OF_APPROVERS.has(action) ? ['sluice-approver'] : []),
    ...(OF_EDITORS.has(action) ? ['sluice-editor'] : []),
  ]
  return roles.length === 1
    ? `the role ${roles[0]} has`
    : `the roles ${roles.slice(0, -1).join(', ')} and ${roles.at(-1)} have`
}

const OF_APPROVERS = new Set<Action>(['approve', 'reject', 'abort'])
const OF_EDITORS = new Set<Action>(['abort', 'pause', 'resume', 'retry'])
