import type { ActActivities, NotifyActivities, WatchActivities } from '../activities/index.ts'
import type { Revision } from '../crds/traffic.ts'

/** What a history says about each thing that was done, for who reads it in Temporal's own UI. */

export type Activities = ActActivities & WatchActivities & NotifyActivities
type Summaries = { [K in keyof Activities]: (input: Parameters<Activities[K]>[0]) => string }

/** Characters. Temporal takes 400 bytes, and refuses what is longer. */
const LONGEST = 100

export const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`)

/** One line. */
export const summaryOf = (name: string, input: unknown): string =>
  cut((SUMMARIES[name as keyof Activities] as (input: unknown) => string)(input))

const SUMMARIES: Summaries = {
  observe: ({ release }) =>
    release === undefined ? 'What is declared, and what is there' : `Release ${release}: what is there`,
  openRelease: ({ number, revision, from }) => `Release ${number}: ${revision} after ${from}`,
  lookBack: ({ release, stable }) => `Release ${release}: may it begin, by what ${stable} did before`,
  lookWhenOpen: () => 'When the change window is open',
  report: ({ phase, weight, step }) => `${phase}, ${weight} %, step ${step}`,
  readDecision: ({ name }) => `What Decision ${name} says`,
  recordDecision: ({ name, outcome }) => `Decision ${name}: ${outcome}`,

  setTraffic: ({ weights, stable }) => `${sharesOf(weights)}${stable === undefined ? '' : `; ${stable} is stable`}`,
  restoreRoute: ({ stable }) => `The route at rest${stable === undefined ? '' : `, on ${stable}`}`,
  pointApex: ({ stable }) => `The apex Service selects ${stable}`,
  secondLever: ({ canary, stable }) => `The Service of ${canary} selects pods of ${stable}`,
  watch: ({ release, canary, marks, running }) =>
    `Release ${release}: ${canary} at ${marks.at(-1)?.weight ?? 0} %${running ? `, ${running.kind}` : ''}`,

  prepare: ({ canary, canaryReplicas }) => `${canary} gets ${podsOf(canaryReplicas)}, a Service and a destination`,
  prepareSide: ({ revision }) => `A side host of ${revision}`,
  prepareDestinations: () => 'Destinations of both revisions',
  ensureRevision: ({ revision, replicas }) => `${revision}: at least ${podsOf(replicas)}`,
  growRevisions: ({ sizes }) => sizesOf(sizes),
  removeRevision: ({ revision }) => `${revision} leaves`,
  replacePod: ({ pod }) => `Another pod for ${pod}`,
  awaitReady: ({ revision, replicas }) => `${revision}: until ${podsOf(replicas)} are ready`,
  awaitAddresses: ({ service }) => `Until clients know the addresses of ${service}`,
  awaitQuiet: ({ revision }) => `Until nobody asks ${revision} any more`,
  collect: () => 'What old releases left behind goes',
  settle: () => 'The Rollout at rest',

  webhook: ({ release, stepIndex, attempt }) =>
    `Release ${release}, step ${stepIndex + 1}: webhook, attempt ${attempt}`,
  job: ({ release, stepIndex }) => `Release ${release}, step ${stepIndex + 1}: until the Job ends`,
  stopJob: ({ release, stepIndex }) => `Release ${release}, step ${stepIndex + 1}: the Job is stopped`,

  beginAdoption: () => 'The declared Deployment is taken over',
  emptyDeclared: () => 'The declared Deployment has no pods any more',
  freeApex: () => 'The apex Service selects what it selected before',
  unselectLeaving: () => 'The apex Service leaves who leaves',
  beginReturn: () => 'The declared Deployment gets its pods back',
  awaitDeclared: ({ replicas }) => `Until ${podsOf(replicas)} of the declared Deployment are ready`,
  finishReturn: () => 'The declared Deployment serves again',
  sayReturning: () => 'Says how far the hand-back is',
  letGo: ({ keep }) => (keep === undefined ? 'The engine lets go' : `The engine lets go; ${keep} stays`),

  recordEvent: ({ reason }) => `Event ${reason}`,
  notify: ({ channel, notice }) => `${notice.reason} to Channel ${channel}`,
  callback: ({ release, stepIndex }) => `Release ${release}, step ${stepIndex + 1}: somebody outside is asked`,
}

const podsOf = (replicas: number): string => `${replicas} ${replicas === 1 ? 'pod' : 'pods'}`

const sharesOf = (weights: Record<Revision, number>): string =>
  Object.entries(weights)
    .map(([revision, weight]) => `${weight} % to ${revision}`)
    .join(', ')

const sizesOf = (sizes: Record<Revision, number>): string =>
  Object.entries(sizes)
    .map(([revision, replicas]) => `${revision}: ${podsOf(replicas)}`)
    .join(', ')
