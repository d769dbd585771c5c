import { CONFIG_MAPS, SECRETS } from '../../crds/resources.ts'
import type { PodTemplate, Rollout } from '../../crds/schema/rollout.ts'
import type { KubeObject } from '../../kube/index.ts'
import { placeOf } from '../fakes/api-server.ts'
import { REVISION, rollout, stage, template } from './stage.ts'

export type Loose = Record<string, unknown>
type Data = { data?: Record<string, string>; binaryData?: Record<string, string>; type?: string } & Loose

/** Reads the ConfigMaps `env`, `all`, `files`, `many`, `first`, `beside` and the Secrets `s-env` … in every way there is. */
export const everything: PodTemplate = {
  spec: {
    containers: [
      {
        name: 'app',
        image: 'x',
        env: [
          { name: 'PLAIN', value: 'x' },
          { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'env', key: 'a' } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 's-env', key: 'b' } } },
        ],
        envFrom: [{ prefix: 'X_', configMapRef: { name: 'all' } }, { secretRef: { name: 's-all' } }],
      },
    ],
    initContainers: [
      { name: 'first', image: 'x', envFrom: [{ configMapRef: { name: 'first' } }] },
      { name: 'sidecar', image: 'x', restartPolicy: 'Always', envFrom: [{ configMapRef: { name: 'beside' } }] },
    ],
    volumes: [
      { name: 'files', configMap: { name: 'files', items: [{ key: 'a', path: 'a' }] } },
      { name: 's-files', secret: { secretName: 's-files', defaultMode: 256 } },
      { name: 'empty', emptyDir: {} },
      {
        name: 'many',
        projected: {
          defaultMode: 420,
          sources: [
            { configMap: { name: 'many' } },
            { secret: { name: 's-many' } },
            { configMap: { name: 'kube-root-ca.crt' } },
            { serviceAccountToken: { path: 'token' } },
          ],
        },
      },
    ],
    imagePullSecrets: [{ name: 'registry' }],
  },
}
export const MAPS = ['env', 'all', 'first', 'beside', 'files', 'many']
export const KEPT_SECRETS = ['s-env', 's-all', 's-files', 's-many']

export const reading = (names: string[], more: Loose = {}): PodTemplate => ({
  spec: {
    ...template().spec,
    volumes: names.map((name) => ({ name, configMap: { name, ...more } })),
  },
})

/** A fake API server with short ways to write what people write. */
export async function scene() {
  const { server, workload, deployment } = await stage()
  const put = (resource: typeof SECRETS, name: string, { metadata, ...data }: Data & { metadata?: Loose }): void => {
    const object = { apiVersion: 'v1', kind: resource.kind, metadata: { name, namespace: 'shop', ...metadata } }
    server.put(resource, { ...object, ...data })
  }
  const all = (resource: typeof SECRETS) => server.store.list(placeOf(resource, 'shop')) as (KubeObject & Data)[]
  const declared = (spec: Partial<Rollout['spec']>) => workload.declared(rollout(spec))
  return {
    server,
    workload,
    declared,
    deployment,
    configMap: (name: string, data: Data & { metadata?: Loose }) => put(CONFIG_MAPS, name, data),
    secret: (name: string, data: Data & { metadata?: Loose }) => put(SECRETS, name, data),
    read: (resource: typeof SECRETS, name: string) => all(resource).find(({ metadata }) => metadata.name === name),
    names: (resource: typeof SECRETS) => all(resource).map(({ metadata }) => metadata.name),
    remove: (name: string) => server.store.remove(placeOf(CONFIG_MAPS, 'shop'), name),
    /** The revision that is declared by now has its Deployment. */
    release: async (spec: Partial<Rollout['spec']>, revision = REVISION) => {
      await workload.ensureRevision(rollout(spec), revision, await declared(spec), 1)
    },
  }
}

export const allTracked = KEPT_SECRETS.map((secret) => ({ secret, track: 'version' as const }))
