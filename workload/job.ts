import { GROUP, jobObject, LABEL, revisionObject, ROUND, serviceHost, sideObject } from '../crds/names.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { MANAGED_BY, namespaceOf, podLabels } from './identity.ts'
import type { Job, JobContainer, JobTemplate, Service } from './objects.ts'
import type { JobOrder } from './workload.ts'

/** Whoever follows the Job ends it at its time, with the end of its log; after this long the cluster does so by itself. */
const GRACE_SECONDS = 30

/**
 * The Job of a step. It has one try, and tells every container whom it is about. Its owner is the Release: it stays to be
 * looked at, and goes with the record of it.
 */
export function jobOf(rollout: Rollout, order: JobOrder): Job {
  const { release, stepIndex, round, run } = order
  const { name, uid = '' } = release.metadata
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobObject(rollout.metadata.name, release.spec.number, stepIndex),
      namespace: namespaceOf(rollout),
      labels: { ...podLabels(rollout.metadata.name, release.spec.revision), [LABEL.managedBy]: MANAGED_BY },
      annotations: { [ROUND]: String(round) },
      ownerReferences: [{ apiVersion: release.apiVersion, kind: release.kind, name, uid }],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(run.timeoutMs / 1_000) + GRACE_SECONDS,
      template: informed(run.template as JobTemplate, environmentOf(rollout, order)),
    },
  }
}

/**
 * Why a pod with these labels would get requests or be counted among the revisions' pods, with the remedy. Undefined when
 * it is nobody's.
 */
export function attraction(job: Job, rollout: Rollout, services: Service[]): string | undefined {
  const labels = job.spec.template.metadata?.labels ?? {}
  const remedy = 'give the pods of the job labels of their own'
  const own = Object.keys(labels).find((key) => key.startsWith(`${GROUP}/`))
  if (own !== undefined)
    return `Job ${job.metadata.name} is not run: its template has the label ${own}, by which pods of revisions are known; ${remedy}`
  const service = services.find((each) => isOfRollouts(each, rollout) && selects(each, labels))
  if (!service) return undefined
  const selector = Object.entries(service.spec.selector ?? {}).map(([key, value]) => `${key}=${value}`)
  return `Job ${job.metadata.name} is not run: its template has ${selector.join(', ')}, by which Service ${service.metadata.name} would send it requests; ${remedy}`
}

const isOfRollouts = ({ metadata }: Service, rollout: Rollout): boolean =>
  metadata.name === rollout.spec.service.name || metadata.labels?.[LABEL.rollout] !== undefined

function selects({ spec }: Service, labels: Record<string, string>): boolean {
  const selector = Object.entries(spec.selector ?? {})
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

function environmentOf({ metadata, ...rollout }: Rollout, { release, stable }: JobOrder): Record<string, string> {
  const { name } = metadata
  const namespace = namespaceOf({ metadata, ...rollout })
  const { number, revision } = release.spec
  return {
    SLUICE_ROLLOUT: name,
    SLUICE_NAMESPACE: namespace,
    SLUICE_RELEASE: String(number),
    SLUICE_REVISION: revision,
    SLUICE_CANARY_HOST: serviceHost(namespace, revisionObject(name, revision)),
    SLUICE_STABLE_HOST: serviceHost(namespace, revisionObject(name, stable)),
    SLUICE_SIDE_HOST: serviceHost(namespace, sideObject(name, revision)),
  }
}

function informed({ metadata, spec }: JobTemplate, environment: Record<string, string>): JobTemplate {
  const { containers, initContainers, ...rest } = spec
  const tell = (container: JobContainer): JobContainer => withEnvironment(container, environment)
  return {
    ...(metadata ? { metadata } : {}),
    spec: {
      restartPolicy: 'Never',
      ...rest,
      ...(initContainers ? { initContainers: initContainers.map(tell) } : {}),
      containers: containers.map(tell),
    },
  }
}

/** Ours come first, so that others can refer to them as $(SLUICE_CANARY_HOST); what is declared under such a name stays. */
function withEnvironment({ env = [], ...container }: JobContainer, environment: Record<string, string>): JobContainer {
  const declared = new Set(env.map(({ name }) => name))
  const told = Object.entries(environment)
    .filter(([name]) => !declared.has(name))
    .map(([name, value]) => ({ name, value }))
  return { ...container, env: [...told, ...env] }
}
