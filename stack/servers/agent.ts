import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ServerFactory } from './server.ts'

const MAIN = fileURLToPath(new URL('../node/main.ts', import.meta.url))

/** The node: pods as processes of this machine. */
export const agent: ServerFactory = ({ stateDir, kubeconfig, endpointDelayMs, ports, pki, logOf, sidecars }) => ({
  port: ports.node,
  command: () => process.execPath,
  args: [
    MAIN,
    `--kubeconfig=${kubeconfig.agent}`,
    `--state-dir=${stateDir}`,
    `--endpoint-delay-ms=${endpointDelayMs}`,
    `--port=${ports.node}`,
    `--certificate=${pki.certificate}`,
    `--key=${pki.key}`,
    `--authority=${pki.ca}`,
    ...(sidecars ? [`--mesh-port=${ports.istiodSecure}`] : []),
  ],
  ready: async (logFrom) => /^ready$/m.test(readFrom(logOf('agent'), logFrom)),
})

function readFrom(file: string, offset: number): string {
  const log = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(Math.max(0, fstatSync(log).size - offset))
    readSync(log, buffer, 0, buffer.length, offset)
    return buffer.toString()
  } finally {
    closeSync(log)
  }
}
