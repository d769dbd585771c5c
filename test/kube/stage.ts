import { onTestFinished } from 'vitest'
import { createKube, type Kube, type Log, type Resource } from '../../kube/index.ts'
import { startApiServer, type ApiServer } from '../fakes/api-server.ts'

export const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }
export const TOYS: Resource = { group: 'toys.example', version: 'v1', plural: 'toys', kind: 'Toy', namespaced: true }

export const toy = (name: string, spec: Record<string, unknown> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'toys.example/v1',
  kind: 'Toy',
  metadata: { name, namespace: 'shop', labels },
  spec,
})

/** A fake server and a client of it; both go when the test ends. */
export async function stage(
  options: { timeoutMs?: number; retryForMs?: number } = {},
): Promise<{ server: ApiServer; kube: Kube }> {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  return { server, kube: createKube({ kubeconfig: server.kubeconfig, ...options }) }
}

export type Line = { level: string; message: string } & Record<string, unknown>

/** Keeps what was logged. */
export function listen(): { log: Log; lines: Line[] } {
  const lines: Line[] = []
  const at = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message })
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}
