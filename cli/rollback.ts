import type { Rollout } from '../crds/schema/rollout.ts'
import type { RouteTarget } from '../router/router.ts'
import { needRollout, reach, type AccessOptions } from './access.ts'
import { Refusal } from './failure.ts'
import { SELF } from './self.ts'
import type { Terminal } from './terminal.ts'

export type RollbackOptions = AccessOptions & { direct?: boolean }

/** `sluice rollback NAME --direct`: writes the route with the caller's own rights; needs nothing but the API server. */
export async function rollback(name: string, options: RollbackOptions, terminal: Terminal): Promise<void> {
  if (!options.direct) throw new Refusal(withoutDirect(name))
  const access = reach(options)
  const { kube } = access
  const target = targetOf(await needRollout(access, name))
  const { rollbackDirect } = await import('../router/istio/direct.ts')
  const { release, from, to } = await rollbackDirect({ kube, target })
  const what = `${target.namespace}/${name}`
  terminal.print(
    from === to
      ? `${to} serves all of the traffic of ${what} already: release ${release} was aborted on the route before\n`
      : `${to} serves all of the traffic of ${what} again, ${from} none. The engine takes it as the abort of release ` +
          `${release}\n`,
  )
  terminal.print(terminal.colors.dim('Git still declares what was taken back: revert it there, too.\n'))
}

function targetOf({ metadata, spec }: Rollout): RouteTarget {
  const { name, namespace = 'default', uid = '' } = metadata
  const { istio } = spec.router
  if (!istio) throw new Refusal(`${namespace}/${name} has no spec.router.istio: there is no route to write`)
  return { namespace, name, uid, router: { istio }, service: spec.service }
}

const withoutDirect = (name: string): string =>
  `rollback without --direct is not yet supported. A release that runs: ${SELF} abort ${name}. One that was promoted: ` +
  `declare the old revision again, or go back on the route alone with ${SELF} rollback ${name} --direct`
