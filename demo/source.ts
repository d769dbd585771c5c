import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { API_VERSION } from '../crds/names.ts'
import { SECRETS, SOURCES } from '../crds/resources.ts'
import type { Source } from '../crds/schema/source.ts'
import { reflect, type Kube, type KubeObject, type Log, type Reflector } from '../kube/index.ts'
import { ensureTools } from '../tools/resolve.ts'
import { announcePushes } from './git-host.ts'
import { SHOP } from './witness.ts'

const COMPONENT = fileURLToPath(new URL('../deploy/components/source', import.meta.url))
const NAME = 'shop'
const WEBHOOK_SECRET = 'git-webhook'

/** What an admin does once so that the engine applies from Git in the shop's namespace. */
export async function installSource(kubeconfig: string): Promise<void> {
  const { kubectl } = await ensureTools({ names: ['kubectl'] })
  const run = promisify(execFile)
  await run(kubectl, ['--kubeconfig', kubeconfig, 'create', 'namespace', SHOP.namespace])
  await run(kubectl, ['--kubeconfig', kubeconfig, 'apply', '--namespace', SHOP.namespace, '-k', COMPONENT])
}

export type SourceOptions = {
  kube: Kube
  log: Log
  /** A bare repository that the engine may read. */
  remote: string
  /** Base URL of the engine's webhooks. */
  engine: string
  /** What became of a commit, and what somebody else changed, in sentences. */
  tell: (news: { isGood: boolean; words: string }) => void
}

/** Declares that the repository is applied, and is its Git host, which tells the engine of every push. */
export async function openSource({
  kube,
  log,
  remote,
  engine,
  tell,
}: SourceOptions): Promise<{ stop(): Promise<void> }> {
  const token = randomBytes(24).toString('hex')
  await declare(kube, remote, token)
  const host = announcePushes({ remote, url: `${engine}/hooks/${SHOP.namespace}/${NAME}`, token, log })
  const sources = narrate(kube, log, tell)
  return {
    async stop() {
      host.stop()
      await sources.stop()
    },
  }
}

async function declare(kube: Kube, remote: string, token: string): Promise<void> {
  const { namespace } = SHOP
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: WEBHOOK_SECRET, namespace } }
  await kube.create(SECRETS, { ...secret, stringData: { token } } as KubeObject)
  const webhook = { kind: 'github', secretRef: { name: WEBHOOK_SECRET } }
  const source = { apiVersion: API_VERSION, kind: SOURCES.kind, metadata: { name: NAME, namespace } }
  await kube.create(SOURCES, { ...source, spec: { url: `file://${remote}`, interval: '10s', webhook } } as KubeObject)
}

/** Whatever the Source's condition says that it did not say before. */
function narrate(kube: Kube, log: Log, tell: SourceOptions['tell']): Reflector<Source> {
  let told = ''
  const sources = reflect<Source>({
    kube,
    namespace: SHOP.namespace,
    log,
    resource: SOURCES,
    onChange(key) {
      const ready = sources.get(key)?.status?.conditions?.find(({ type }) => type === 'Ready')
      if (!ready || ready.message === told) return
      told = ready.message
      tell({ isGood: ready.status === 'True', words: ready.message })
    },
  })
  return sources
}
