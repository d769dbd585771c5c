import { onTestFinished } from 'vitest'
import { FIELD_MANAGER } from '../../crds/names.ts'
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  NAMESPACES,
  ROLLOUTS,
  SECRETS,
  SERVICES,
  SOURCES,
  VIRTUAL_SERVICES,
} from '../../crds/resources.ts'
import type { Source, SourceSpec } from '../../crds/schema/source.ts'
import { createKube, createRecorder, type Resource } from '../../kube/index.ts'
import { createReach, type Reach } from '../../network/reach.ts'
import { startSources } from '../../source/index.ts'
import { placeOf, startApiServer } from '../fakes/api-server.ts'
import { listen } from '../kube/stage.ts'
import { eventually } from '../patience.ts'
import { openRepository, type Files } from './repository.ts'

export const NAMESPACE = 'shop'
const KINDS = [CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, ROLLOUTS, SECRETS, SERVICES, VIRTUAL_SERVICES]

export type StageOptions = Partial<{
  files: Files
  spec: Partial<SourceSpec>
  kinds: Resource[]
  kustomize: string
  repositoryBytes: number
  standby: boolean
  reach: Reach
  /** Before anything is looked at. */
  prepare: (server: Awaited<ReturnType<typeof startApiServer>>) => void
}>

/** A repository, a fake API server, and the Source `shop/git` between them. */
export async function openStage({ files = {}, spec = {}, kinds = KINDS, prepare, ...options }: StageOptions = {}) {
  const repository = openRepository(files)
  onTestFinished(() => repository[Symbol.dispose]())
  const server = await startApiServer()
  onTestFinished(() => server.stop())
  server.serves(kinds)
  prepare?.(server)
  const { kubeconfig } = server
  const kube = createKube({ kubeconfig })
  const { log, lines } = listen()
  server.put(SOURCES, sourceOf('git', { url: repository.url, ...spec }))
  const sources = startSources({
    kube,
    door: (token) => createKube({ kubeconfig, token }),
    events: createRecorder({ kube, controller: 'sluice.dev/test', instance: '1' }),
    log,
    files: repository.directory,
    reach: createReach({ refuses: 'nothing' }),
    lookMs: 50,
    ...options,
  })
  onTestFinished(() => sources.stop())
  const source = (name = 'git'): Source => server.store.read(placeOf(SOURCES, NAMESPACE), name) as unknown as Source
  const ready = (name?: string) => source(name).status?.conditions?.find(({ type }) => type === 'Ready')
  /** Waits until Ready has this reason, and where a commit is given, of a look at it. */
  const until = (reason: string, commit?: string, name?: string): Promise<Source> =>
    eventually(() => {
      const said = JSON.stringify(source(name).status)
      if (ready(name)?.reason !== reason) throw new Error(`not ${reason}: ${said}`)
      if (commit !== undefined && source(name).status?.attempted !== commit) throw new Error(`another commit: ${said}`)
      return source(name)
    })
  const names = (resource: Resource): string[] =>
    server.store.list(placeOf(resource)).map(({ metadata }) => metadata.name)
  return { repository, server, sources, lines, source, until, names, message: () => ready()?.message, ...asks(server) }
}

export const sourceOf = (name: string, spec: Partial<SourceSpec> & { url: string }) => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Source',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    ref: { branch: 'main' },
    path: '',
    interval: '200ms',
    serviceAccountName: 'sluice-source',
    prune: true,
    allowEmpty: false,
    suspend: false,
    ...spec,
  },
})

type Server = Awaited<ReturnType<typeof startApiServer>>

const asks = (server: Server) => ({
  /** What was written for good, in order, by those who apply for a Source. */
  written: (): string[] =>
    server.requests
      .filter(({ method, path, query }) => method === 'PATCH' && isOfSource(query) && !path.endsWith('/status'))
      .map(({ path }) => path.split('/').slice(-2).join('/')),
  events: (): { reason: string; note: string }[] =>
    server.store
      .list({ collection: 'events.k8s.io/v1/events' })
      .map(({ reason, note }) => ({ reason: String(reason), note: String(note) })),
})

const isOfSource = (query: URLSearchParams): boolean =>
  query.get('fieldManager') === FIELD_MANAGER.source && !query.has('dryRun')

export type Stage = Awaited<ReturnType<typeof openStage>>

export const configMap = (name: string, value = '1', more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}data:\n  value: "${value}"\n`

export const rollout = (name: string, image = 'checkout:1', config?: string): string => `apiVersion: sluice.dev/v1alpha1
kind: Rollout
metadata:
  name: ${name}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: app
          image: ${image}
${config === undefined ? '' : `          envFrom: [{ configMapRef: { name: ${config} } }]\n`}`
