import { reach, type AccessOptions } from './access.ts'
import { Refusal } from './failure.ts'
import type { Terminal } from './terminal.ts'

export type RollbackOptions = AccessOptions & { direct?: boolean }

/** `sluice rollback NAME --direct`: the only place here that writes, and it needs nothing but the API server. */
export async function rollback(name: string, options: RollbackOptions, terminal: Terminal): Promise<void> {
  if (!options.direct) throw new Refusal(INDIRECT(name))
  const { kube, namespace } = reach(options)
  const { rollbackDirect } = await import('../router/istio/direct.ts')
  terminal.print(`${await rollbackDirect({ kube, namespace, name })}\n`)
}

const INDIRECT = (name: string): string =>
  `rollback without --direct is not yet supported. A release that runs: sluice abort ${name}. One that was promoted: ` +
  `declare the old revision again, or go back on the route alone with sluice rollback ${name} --direct`
