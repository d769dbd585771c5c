import type { Policy } from '../../crds/policy.ts'

/** The defaults of analysis.md 2, for whoever judges failed requests. */
export const policyOf = (changes: Partial<Policy>): Policy => ({
  mode: 'act',
  interval: 15,
  metrics: [{ name: 'errors', kind: 'requests' }],
  falseRollback: 0.01,
  toleratedRatio: 1.25,
  latencyToleratedRatio: 1.1,
  promoteRatio: 2,
  errorBudget: 50,
  warmUp: 0,
  dataDeadline: 900,
  deadline: 7_200,
  onInconclusive: 'hold',
  slots: 1,
  replaceLocalised: false,
  enforceSlo: false,
  shadow: [],
  burst: 1,
  ...changes,
})
