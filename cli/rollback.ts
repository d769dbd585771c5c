import type { Rollout } from '../crds/schema/rollout.ts'
import type { RouteTarget } from '../router/router.ts'
import { needRollout, reach } from './access.ts'
import type { DecideOptions } from './decision/decide.ts'
import { Refusal } from './failure.ts'
import type { Terminal } from './terminal.ts'

export type RollbackOptions = DecideOptions & { direct?: boolean }

/**
 * `sluice rollback NAME`: says so to the engine, with the exit code of every word. With `direct` it writes the route by the
 * caller's own rights, and needs nothing but the API server. Throws `Refusal`.
 */
export async function rollback(name: string, options: RollbackOptions, terminal: Terminal): Promise<number> {
  if (!options.direct) {
    const { sayWord } = await import('./decision/decide.ts')
    const code = await sayWord('rollback', name, options, terminal)
    if (code === 0) terminal.print(terminal.colors.dim(GIT))
    return code
  }
  await writeRoute(name, options, terminal)
  terminal.print(terminal.colors.dim(GIT))
  return 0
}

const GIT = 'Git still declares what was taken back: revert it there, too.\n'

async function writeRoute(name: string, options: RollbackOptions, terminal: Terminal): Promise<void> {
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
}

function targetOf({ metadata, spec }: Rollout): RouteTarget {
  const { name, namespace = 'default', uid = '' } = metadata
  const { istio } = spec.router
  if (!istio) throw new Refusal(`${namespace}/${name} has no spec.router.istio: there is no route to write`)
  return { namespace, name, uid, router: { istio }, service: spec.service }
}
