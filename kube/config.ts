// Deep import: the package's index loads every generated model, half a second of start-up.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js'

/** What client-node calls its last resort, http://localhost:8080: nobody said where the API server is. */
export const NO_KUBECONFIG = 'loaded-context'

export type ConfigOptions = {
  /** Path of a kubeconfig. Without it: $KUBECONFIG, ~/.kube/config, then the pod's ServiceAccount. */
  kubeconfig?: string
  context?: string
  /** Replaces every credential of the kubeconfig's user. */
  token?: string
  /** Whom to act as; the API server decides whether the kubeconfig's user may. Wins over the kubeconfig. */
  as?: { user: string; groups?: string[] }
}

/** What requests say about whom they act as; HTTP repeats a header for a list. */
export const headersFor = ({ as }: ConfigOptions): Record<string, string | string[]> =>
  as === undefined
    ? {}
    : { 'Impersonate-User': as.user, ...(as.groups?.length ? { 'Impersonate-Group': as.groups } : {}) }

/** Throws when there is no such file, context or cluster. */
export function loadConfig({ kubeconfig, context, token }: ConfigOptions): KubeConfig {
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(kubeconfig)
  if (context !== undefined) config.setCurrentContext(context)
  const cluster = config.getCurrentCluster()
  if (!cluster)
    throw new Error(`the kubeconfig has no cluster for context ${JSON.stringify(config.getCurrentContext())}`)
  return token === undefined ? config : withToken(config, token)
}

/** The same cluster, and of the user nothing but this token. */
export function withToken(config: KubeConfig, token: string): KubeConfig {
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error('no current cluster')
  const asToken = new KubeConfig()
  asToken.loadFromClusterAndUser(cluster, { name: 'token', token })
  return asToken
}

/** What the kubeconfig says about whoever asks, without a request. Throws as `loadConfig` does. */
export function describeContext(options: ConfigOptions): { context: string; namespace?: string; user?: string } {
  const config = loadConfig(options)
  const context = config.getCurrentContext()
  const namespace = config.getContextObject(context)?.namespace
  const user = config.getCurrentUser()?.name
  return { context, ...(namespace ? { namespace } : {}), ...(user ? { user } : {}) }
}

/** Names of the contexts in the kubeconfig. Throws as `loadConfig` does. */
export const contextsOf = (options: ConfigOptions): string[] =>
  loadConfig(options)
    .getContexts()
    .map(({ name }) => name)
