import type { Layout } from './layout.ts'
import { disown } from './owner.ts'
import { endLeftovers } from './node/records.ts'
import { end, forget, kill, runningOf } from './process.ts'
import { SERVER_NAMES, type ServerName } from './servers/index.ts'

/**
 * Ends every process that this stack started, and nothing else: the node with its pods first, so that they end in
 * peace, the data store last. State and data stay. Works as well for what a killed `up` left behind.
 */
export async function stopStack(layout: Layout): Promise<void> {
  await end(layout, 'agent')
  await endLeftovers(layout.stateDir)
  await Promise.all(
    SERVER_NAMES.filter((name) => name !== 'agent' && name !== 'etcd').map((name) => endSoon(layout, name)),
  )
  await end(layout, 'etcd')
  for (const name of SERVER_NAMES) forget(layout, name)
  disown(layout)
}

/** The names of the servers that run. */
export function runningServers(layout: Layout): ServerName[] {
  return SERVER_NAMES.filter((name) => runningOf(layout, name) !== undefined)
}

/** The API server and the proxy wait for open watches and streams when asked to end; nobody is left who needs them. */
async function endSoon(layout: Layout, name: ServerName): Promise<void> {
  await (name === 'temporal' || name === 'prometheus' ? end(layout, name) : kill(layout, name))
}
