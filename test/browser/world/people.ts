import { ACTIONS } from '../../../crds/decision.ts'
import type { Person } from '../views.ts'

/** Bound to sluice-operator. */
export const MARA: Person = {
  me: { name: 'mara@shop.example', groups: ['operators', 'system:authenticated'] },
  may: ACTIONS,
}

/** Bound to sluice-viewer: sees everything and decides nothing. */
export const VIKTOR: Person = { me: { name: 'viktor@shop.example', groups: ['system:authenticated'] }, may: [] }
