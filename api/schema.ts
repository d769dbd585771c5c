import { z } from 'zod'
import { ACTIONS } from '../crds/decision.ts'
import { OUTCOMES } from '../crds/outcome.ts'
import type {
  CallbackAnswer,
  DecisionRequest,
  DecisionView,
  EventView,
  Failure,
  GateView,
  Me,
  PodView,
  ReleasePage,
  ReleaseView,
  RolloutView,
  RowView,
  SignIn,
} from './views.ts'

/** The same shapes as `views.ts`, for requests, which are checked by them, and for `/openapi.json`. */

const time = z.string().meta({ format: 'date-time' })
const some = z.string().exactOptional()
const count = z.int().min(0)
const percent = z.number().min(0).max(100)
const opaque = <T>(description: string) =>
  z.custom<T>().meta({ type: 'object', description, additionalProperties: true })

export const failure = z.object({
  error: z.string().meta({ description: 'One sentence.' }),
}) satisfies z.ZodType<Failure>

export const me = z.object({ name: z.string(), groups: z.array(z.string()) }) satisfies z.ZodType<Me>

export const signIn = z.object({
  signedIn: z.boolean(),
  oidc: z.object({ url: z.string(), issuer: z.string() }).exactOptional(),
}) satisfies z.ZodType<SignIn>

export const signInRequest = z.object({
  token: z
    .string()
    .min(1)
    .max(8192)
    .regex(/^[\x21-\x7E]+$/, 'a token has no spaces and no line breaks'),
})

export const rolloutView = z.object({
  key: z.string().meta({ description: 'namespace/name' }),
  namespace: z.string(),
  name: z.string(),
  phase: z.string(),
  message: z.string(),
  need: z.enum(['approve', 'resume', 'decide', 'repair']).exactOptional(),
  gate: some,
  pausedBy: some,
  hold: some,
  stable: some,
  canary: some,
  weight: percent,
  step: some,
  release: count.exactOptional(),
  images: z.array(z.string()),
  commit: some,
  author: some,
  since: time,
  generation: count,
}) satisfies z.ZodType<RolloutView>

export const gateView = z.object({
  rollout: rolloutView,
  gate: z.string(),
  approvals: z.array(z.object({ by: z.string(), at: time })),
  minimum: count,
  expiresAt: time.exactOptional(),
  says: some,
  evidence: some,
  mayApprove: z.boolean(),
  whyNot: some,
}) satisfies z.ZodType<GateView>

const podView = z.object({
  name: z.string(),
  revision: z.string(),
  ready: z.boolean(),
  restarts: count,
  phase: z.string(),
  message: some,
  since: time,
}) satisfies z.ZodType<PodView>

const eventView = z.object({
  at: time,
  type: z.enum(['Normal', 'Warning']),
  reason: z.string(),
  message: z.string(),
  count,
}) satisfies z.ZodType<EventView>

export const decisionView = z.object({
  name: z.string(),
  action: z.enum(ACTIONS),
  by: z.string(),
  gate: some,
  reason: some,
  at: time,
  outcome: z.enum(['Delivered', 'Applied', 'Refused']).exactOptional(),
  message: some,
  release: count,
}) satisfies z.ZodType<DecisionView>

export const decisionRequest = z.object({
  release: z.int().min(1),
  revision: z.string().min(1).max(63),
  gate: z.string().min(1).max(63).exactOptional(),
  action: z.enum(ACTIONS),
  reason: z.string().max(1024).exactOptional(),
}) satisfies z.ZodType<DecisionRequest>

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^\P{C}*$/u, 'is one line of text')

export const callbackAnswer = z.object({
  by: line(100).exactOptional().meta({ description: 'Who answers; whoever has the address may say anything.' }),
  reason: line(500).exactOptional(),
}) satisfies z.ZodType<CallbackAnswer>

const arm = z.array(count).length(2).meta({ description: 'Requests, and bad ones among them.' })

const rowView = z.object({
  at: z.int().meta({ description: 'Epoch milliseconds of the end of the interval.' }),
  weight: percent,
  metrics: z.record(z.string(), z.object({ canary: arm, stable: arm })),
}) as unknown as z.ZodType<RowView>

export const releaseView = z.object({
  number: z.int().min(1),
  revision: z.string(),
  from: some,
  outcome: z.enum(OUTCOMES).exactOptional(),
  startedAt: time.exactOptional(),
  endedAt: time.exactOptional(),
  plan: opaque<ReleaseView['plan']>('What the strategy was compiled to.'),
  stepIndex: count,
  skipped: z.array(count).exactOptional(),
  weight: percent,
  message: some,
  verdict: opaque<NonNullable<ReleaseView['verdict']>>('The last verdict with its evidence.').exactOptional(),
  timeline: z.array(z.object({ at: time, event: z.string(), message: z.string(), detail: some })),
  rows: z.array(rowView),
  provenance: z.object({ commit: some, author: some, message: some, images: z.array(z.string()) }),
  workflowUrl: some,
}) satisfies z.ZodType<ReleaseView>

export const releasePage = z.object({
  rollout: rolloutView,
  release: releaseView.exactOptional(),
  pods: z.array(podView),
  events: z.array(eventView),
  decisions: z.array(decisionView),
  may: z.partialRecord(z.enum(ACTIONS), z.boolean()),
  whyNot: some,
}) satisfies z.ZodType<ReleasePage>
