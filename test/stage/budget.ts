import type { KubeObject, Resource } from '../../kube/index.ts'
import { ROLLOUT } from './shop.ts'

export const BUDGETS: Resource = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
}

export type Budget = KubeObject & { status?: { currentHealthy?: number; desiredHealthy?: number } }

/** Of all pods of the shop, by the label that its template has. `minAvailable`: percent of what Deployments declare. */
export const budget = (namespace: string, minAvailable: `${number}%`): KubeObject & { spec: object } => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: ROLLOUT, namespace },
  spec: { minAvailable, selector: { matchLabels: { app: ROLLOUT } } },
})
