import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { API_VERSION } from '../../crds/names.ts'
import { SECRETS, SOURCES } from '../../crds/resources.ts'
import type { Source, SourceSpec, SourceStatus } from '../../crds/schema/source.ts'
import type { KubeObject } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { startGitServer } from '../source/git-server.ts'
import { openRepository, type Files } from '../source/repository.ts'
import type { Access } from './ground.ts'
import { openStage, type Stage } from './stage.ts'

const PASSWORD = 'reads-only-9317'
const HOOK = 'between-us-4711'
const PATIENCE_MS = 60_000

export type SourceStageOptions = {
  access: Access
  /** Of the namespace. */
  name: string
  files: Files
  spec?: Partial<SourceSpec>
}

/**
 * A namespace that is applied from a repository behind HTTPS, by the component as it is shipped. A webhook tells of
 * pushes: by itself the engine looks once an hour. Leaving its scope closes and removes all of it.
 */
export async function openSourceStage({ access, name, files, spec = {} }: SourceStageOptions) {
  await using opened = new AsyncDisposableStack()
  const stage = opened.use(await openStage({ access, name, isBare: true }))
  const { kube, namespace } = stage
  const repository = opened.use(openRepository(files))
  const server = opened.use(await startGitServer(repository.directory, PASSWORD))
  const kubectl = (...args: string[]): string =>
    execFileSync(access.kubectl, ['--kubeconfig', access.kubeconfig, '-n', namespace, ...args], { encoding: 'utf8' })
  kubectl('apply', '-k', 'deploy/components/source')
  const opens = { username: 'reader', password: PASSWORD, 'ca.crt': server.certificate }
  await kube.create(SECRETS, secret(namespace, 'git', opens))
  await kube.create(SECRETS, secret(namespace, 'git-webhook', { token: HOOK }))
  await kube.create(SOURCES, {
    apiVersion: API_VERSION,
    kind: SOURCES.kind,
    metadata: { name: 'shop', namespace },
    spec: {
      url: server.url('shop.git'),
      interval: '1h',
      secretRef: { name: 'git' },
      webhook: { kind: 'github', secretRef: { name: 'git-webhook' } },
      ...spec,
    },
  } as KubeObject)
  const all = opened.move()
  return {
    stage,
    repository,
    kubectl,
    ...ways(stage),
    hook: hookOf(access, namespace),
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  }
}

export const reasonOf = ({ conditions = [] }: SourceStatus): string | undefined =>
  conditions.find(({ type }) => type === 'Ready')?.reason

const secret = (namespace: string, name: string, stringData: Record<string, string>): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData }) as KubeObject

function ways({ kube, namespace }: Stage) {
  const ref = { resource: SOURCES, namespace, name: 'shop' }
  const until = (what: string, is: (status: SourceStatus) => boolean): Promise<SourceStatus> =>
    eventually(async () => {
      const { status } = (await kube.get<Source>(ref)) ?? {}
      if (!status || !is(status)) throw new Error(`not ${what}: ${JSON.stringify(status)}`)
      return status
    }, PATIENCE_MS)
  const isApplied = (status: SourceStatus, commit: string): boolean =>
    status.commit === commit && reasonOf(status) === 'Applied'
  return { until, applied: (commit: string) => until(`applied ${commit}`, (status) => isApplied(status, commit)) }
}

/** Calls as GitHub does after a push; gives the code of the answer. */
function hookOf({ engineLogs }: Access, namespace: string) {
  return async (token = HOOK): Promise<number> => {
    const logs = engineLogs.map((file) => readFileSync(file, 'utf8')).join('\n')
    const port = [...logs.matchAll(/"healthPort":(\d+)/g)].at(-1)?.[1] ?? ''
    const body = JSON.stringify({ ref: 'refs/heads/main' })
    const headers = { 'x-hub-signature-256': `sha256=${createHmac('sha256', token).update(body).digest('hex')}` }
    return (await fetch(`http://127.0.0.1:${port}/hooks/${namespace}/shop`, { method: 'POST', headers, body })).status
  }
}
