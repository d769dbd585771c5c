import { fqdn } from '../crds/hosts.ts'
import { serviceHost } from '../crds/names.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import type { KubeObject } from '../kube/index.ts'

/** What the controller keeps of a DestinationRule of somebody else. */
export type Rule = KubeObject & { spec: { host: string } }

export function ruleOf({ apiVersion, kind, metadata, spec }: Rule): Rule {
  const { name, namespace = '', uid = '', generation = 0 } = metadata
  return { apiVersion, kind, metadata: { name, namespace, uid, generation }, spec: { host: spec?.host ?? '' } }
}

/** Which rules of the apex host there are and which version of each: another text is another policy of its revisions. */
export function rulesOfApex({ metadata, spec }: Rollout, rules: Rule[]): string {
  const { namespace = '' } = metadata
  const apex = serviceHost(namespace, spec.service.name)
  return rules
    .filter((rule) => rule.metadata.namespace === namespace && fqdn(rule.spec.host, namespace) === apex)
    .map((rule) => `${rule.metadata.name}@${rule.metadata.uid}.${rule.metadata.generation}`)
    .toSorted()
    .join(' ')
}
