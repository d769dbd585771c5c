import type { Rollout } from '../crds/schema/rollout.ts'
import type { Revision } from '../crds/traffic.ts'
import { revisionOf, type RevisionSource } from './revision.ts'

/** What a Rollout declares to run, wherever that is written, and what it is called. */
export type Declared = RevisionSource & { revision: Revision }

/** Nothing can be run from what is declared; the message names the field and the remedy. */
export class NotDeclared extends Error {
  override name = 'NotDeclared'
}

/** Pure, from objects that were read from one API server. Throws `NotDeclared`. */
export function declaredBy(rollout: Rollout): Declared {
  const { template } = rollout.spec
  if (!template) {
    throw new NotDeclared(
      'spec.template is missing: workloadRef is not yet supported; declare the pods in spec.template',
    )
  }
  return named({ template, configs: {} })
}

const named = (source: RevisionSource): Declared => ({ ...source, revision: revisionOf(source) })
