import { workflowId } from '../crds/names.ts'

/** `url` is that of Temporal's own UI; namespace of Temporal, and the name under which the engine knows this cluster. */
export type TemporalUi = { url: string; namespace: string; cluster: string }

/** Where the latest run of a Rollout is shown; undefined where no UI is known. */
export function workflowLinks(ui: TemporalUi | undefined): (namespace: string, rollout: string) => string | undefined {
  if (!ui) return () => undefined
  const base = `${ui.url.replace(/\/$/, '')}/namespaces/${encodeURIComponent(ui.namespace)}/workflows`
  return (namespace, rollout) => `${base}/${encodeURIComponent(workflowId(ui.cluster, namespace, rollout))}`
}
