import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describeError, type Log } from '../../kube/index.ts'
import { catalogue } from '../images/catalogue.ts'
import { startAgent } from './agent.ts'
import type { Catalogue } from './command.ts'

/** The node agent as a process: says `ready`, ends its pods at SIGTERM. */
const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    'state-dir': { type: 'string' },
    'endpoint-delay-ms': { type: 'string', default: '100' },
    port: { type: 'string' },
    certificate: { type: 'string' },
    key: { type: 'string' },
    authority: { type: 'string' },
    'mesh-port': { type: 'string' },
  },
})
const { kubeconfig, 'state-dir': stateDir, 'endpoint-delay-ms': delay, port, certificate, key, authority } = values
const meshPort = Number(values['mesh-port'])
const endpoint =
  port && certificate && key && authority ? { port: Number(port), certificate, key, authority } : undefined
const endpointDelayMs = Number(delay)
if (!kubeconfig || !stateDir || !Number.isFinite(endpointDelayMs) || endpointDelayMs < 0) {
  console.error(
    'usage: main.ts --kubeconfig FILE --state-dir DIRECTORY [--endpoint-delay-ms MILLISECONDS]\n' +
      '               [--port PORT --certificate FILE --key FILE --authority FILE [--mesh-port PORT]]',
  )
  process.exit(2)
}

// Pods are short-lived Node processes: what the first of a kind compiles, the others find.
process.env.NODE_COMPILE_CACHE ??= join(resolve(stateDir), 'pods', 'compile-cache')

const line = (level: string) => (fields: object, message: string) =>
  console.error(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }))
const log: Log = { debug: () => undefined, info: line('info'), warn: line('warn'), error: line('error') }

const agent = await startAgent({
  kubeconfig,
  stateDir: resolve(stateDir),
  endpointDelayMs,
  ...(endpoint ? { endpoint } : {}),
  catalogue: { ...catalogue, ...(authority && meshPort > 0 ? await proxies(authority) : {}) },
  log,
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(signal))
console.log('ready')

/** Loaded where it is wanted: it finds tools, and most nodes have no proxies. */
async function proxies(authority: string): Promise<Catalogue> {
  const { PROXY_IMAGE, proxyImage } = await import('../images/proxy.ts')
  const folder = join(resolve(stateDir ?? ''), 'config')
  return { [PROXY_IMAGE]: await proxyImage({ folder, istiodPort: meshPort, authority }) }
}

async function end(signal: string): Promise<void> {
  log.info({ signal }, 'ending the pods')
  try {
    await agent.stop()
    process.exit(0)
  } catch (error) {
    log.error({ error: describeError(error) }, 'the pods did not end')
    process.exit(1)
  }
}
