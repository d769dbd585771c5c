import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createKube, type KubeObject, type Ref, type Resource } from '../../kube/index.ts'
import type { Ground } from './ground.ts'

const policies = (plural: string, kind: string): Resource => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: false,
})
const POLICIES = policies('validatingadmissionpolicies', 'ValidatingAdmissionPolicy')
const BINDINGS = policies('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')
const ENGINE = 'system:serviceaccount:sluice-system:sluice'
const WORDS = 'routes are frozen today'
const IN_FORCE_MS = 30_000

/** The API server refuses every change of one object by the engine. Resolves when that is in force. */
export async function refuseWrites({ access, stack }: Ground, ref: Required<Ref>) {
  const kube = createKube({ kubeconfig: access.kubeconfig })
  const name = `frozen-${ref.namespace}`
  const [policy, binding] = policyObjects(name, ref)
  await kube.create(POLICIES, policy)
  await kube.create(BINDINGS, binding)
  await untilRefused(access.kubectl, stack.kubeconfigs.engine, ref)
  return {
    words: WORDS,
    async end(): Promise<void> {
      await kube.delete({ resource: BINDINGS, name })
      await kube.delete({ resource: POLICIES, name })
    },
  }
}

function policyObjects(name: string, { resource, namespace, name: object }: Required<Ref>): [KubeObject, KubeObject] {
  const rule = {
    apiGroups: [resource.group],
    apiVersions: ['*'],
    operations: ['UPDATE'],
    resources: [resource.plural],
    resourceNames: [object],
  }
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const policy = {
    apiVersion,
    kind: POLICIES.kind,
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        resourceRules: [rule],
      },
      matchConditions: [{ name: 'engine', expression: `request.userInfo.username == '${ENGINE}'` }],
      validations: [{ expression: 'false', message: WORDS }],
    },
  }
  const spec = { policyName: name, validationActions: ['Deny'] }
  return [policy, { apiVersion, kind: BINDINGS.kind, metadata: { name }, spec } as KubeObject]
}

/** The API server compiles policies in its own time; only a write tells when. */
async function untilRefused(kubectl: string, kubeconfig: string, { resource, namespace, name }: Required<Ref>) {
  const object = `${resource.plural}.${resource.group}/${name}`
  const args = [
    'annotate',
    object,
    'example.com/try=1',
    '-n',
    namespace,
    '--dry-run=server',
    '--kubeconfig',
    kubeconfig,
  ]
  for (const deadline = Date.now() + IN_FORCE_MS; Date.now() < deadline;) {
    try {
      await promisify(execFile)(kubectl, args)
    } catch (error) {
      if (String(error).includes(WORDS)) return
      throw error
    }
  }
  throw new Error(`the policy on ${name} is not in force after ${IN_FORCE_MS / 1_000} s`)
}
