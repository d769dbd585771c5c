import type { Me } from '../../../api/views.ts'
import { ACTIONS, type Action } from '../../../crds/decision.ts'

/** Somebody who looks, and what Kubernetes lets them decide. */
export type Person = { me: Me; may: readonly Action[] }

/** By token: one bound to sluice-operator, and one to sluice-viewer, who sees everything and decides nothing. */
export const PEOPLE: Record<string, Person> = {
  mara: { me: { name: 'mara@shop.example', groups: ['operators', 'system:authenticated'] }, may: ACTIONS },
  viktor: { me: { name: 'viktor@shop.example', groups: ['system:authenticated'] }, may: [] },
}
