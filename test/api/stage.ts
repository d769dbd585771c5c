import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import { createApi, type ApiOptions } from '../../api/index.ts'
import { DECISIONS, EVENTS, PODS, RELEASES, ROLLOUTS } from '../../crds/resources.ts'
import { createKube, createKubeDoor, type KubeObject, type Resource } from '../../kube/index.ts'
import { createLog } from '../../telemetry/index.ts'
import type { Json } from '../fakes/api-merge.ts'
import type { Question } from '../fakes/api-people.ts'
import { startApiServer, type ApiServer } from '../fakes/api-server.ts'
import { eventually } from '../patience.ts'
import { AT_THE_GATE, release, rollout } from './objects.ts'

/** Who there is: an approver, somebody who may look, somebody of another namespace; their tokens are their names. */
const ALICE = 'alice-token'
export const TOKEN = { alice: ALICE, bob: 'bob-token', mallory: 'mallory-token', carol: 'carol-token' }
const MAY: Record<string, (question: Question) => boolean> = {
  [TOKEN.alice]: ({ verb, subresource }) => verb !== 'create' || subresource !== 'promote',
  [TOKEN.bob]: ({ verb, resource }) => verb !== 'create' && resource !== 'pods',
  [TOKEN.carol]: ({ namespace }) => namespace === 'bank',
}

export type ApiStage = {
  server: ApiServer
  options: ApiOptions
  /** Everything that was logged. */
  logged: () => string
  put: (resource: Resource, ...objects: KubeObject[]) => void
  remove: (resource: Resource, object: KubeObject) => void
}

/** A fake API server with people, and what an API is made of; all of it goes when the test ends. */
export async function openGround(more: Partial<ApiOptions> = {}): Promise<ApiStage> {
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  for (const name of ['alice', 'bob', 'carol'] as const) {
    server.people.know(TOKEN[name], { name, groups: [`${name}s`, 'system:authenticated'] })
  }
  server.people.allow((question) => MAY[question.token]?.(question) === true)
  const kubeconfig = { kubeconfig: server.kubeconfig, timeoutMs: 5_000 }
  const destination = new PassThrough()
  const lines: string[] = []
  destination.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  const uiDirectory = mkdtempSync(join(tmpdir(), 'ui-'))
  onTestFinished(() => rmSync(uiDirectory, { recursive: true }))
  const options: ApiOptions = {
    kube: createKube(kubeconfig),
    kubeFor: createKubeDoor(kubeconfig),
    publicUrl: 'http://sluice.example',
    uiDirectory,
    version: '1.2.3',
    log: createLog({ component: 'api', level: 'debug', destination }),
    ...more,
  }
  return {
    server,
    options,
    logged: () => lines.join(''),
    put(resource, ...objects) {
      for (const object of objects as Stored[]) {
        server.put(resource, object)
        const { name } = object.metadata
        if (object.status) server.store.merge(placeOf(resource, object), name, { status: object.status }, 'status')
      }
    },
    remove: (resource, object) => void server.store.remove(placeOf(resource, object), object.metadata.name),
  }
}

type Stored = KubeObject & { status?: Json } & Record<string, unknown>

const placeOf = ({ group, version, plural }: Resource, { metadata: { namespace } }: KubeObject) => ({
  collection: `${group}/${version}/${plural}`,
  ...(namespace ? { namespace } : {}),
})

export type Asked = {
  token?: string
  method?: string
  body?: unknown
  headers?: Record<string, string>
  /** Address of whoever connects. */
  from?: string
}

/** An API without a port: `ask` is a request of somebody. */
export async function openApi(ground: ApiStage) {
  const api = createApi(ground.options)
  onTestFinished(() => api.stop())
  await eventually(() => {
    if (!api.ready()) throw new Error('the API does not know everything yet')
  })
  const ask = async (
    path: string,
    { token, method = 'GET', body, headers = {}, from }: Asked = {},
  ): Promise<Response> =>
    await api.fetch(
      new Request(`http://sluice.example${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(method === 'GET' ? {} : { 'x-sluice-csrf': '1', 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
      from === undefined ? {} : { incoming: { socket: { remoteAddress: from } } },
    )
  return {
    ...ground,
    api,
    ask,
    read: async <T>(path: string, token = ALICE) => (await ask(path, { token })).json() as T,
  }
}

/** Two namespaces with a Rollout each: that of the shop waits at a gate, that of the bank is at rest. */
export function furnish(ground: ApiStage): void {
  ground.put(ROLLOUTS, rollout('shop', AT_THE_GATE), rollout('bank', { phase: 'Promoted' }))
  ground.put(RELEASES, release('shop', 7))
}

export { DECISIONS, EVENTS, PODS, RELEASES, ROLLOUTS }
