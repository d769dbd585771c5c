import { z } from 'zod'
import type { ObjectMeta } from '../meta.ts'
import { OUTCOMES, SEQUELS } from '../outcome.ts'
import { analysis } from './analysis.ts'
import { routing } from './channel.ts'
import { conditions } from './condition.ts'
import { router } from './router.ts'
import { strategy } from './strategy.ts'
import { duration, revision, rules, timestamp, wellFormed } from './vocabulary.ts'
import { configRef, podTemplate, serviceSpec, workloadRef } from './workload.ts'

export type { AnalysisSpec } from './analysis.ts'
export type { Condition } from './condition.ts'
export type { IstioRouter } from './router.ts'
export type { Cohort } from './cohort.ts'
export type { JobSpec, WebhookSpec } from './hook.ts'
export type { StepSpec } from './step.ts'
export type { PodTemplate, ServiceSpec } from './workload.ts'

/** Objects as the API server returns them: defaults filled in. */
export type RolloutSpec = z.output<typeof rolloutSpec>
export type RolloutStatus = z.output<typeof rolloutStatus>
export type Rollout = {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec: RolloutSpec
  status?: RolloutStatus
}

const bake = z
  .object({
    for: duration('How long, counted in time with data; 0s is none.').default('0s'),
    holdBack: z.int().min(1).max(50).default(5).meta({ description: 'Percentage that stays on stable meanwhile.' }),
  })
  .meta({
    description:
      'After the last step: nearly everything on the canary, a little on stable as a live control. Blue-green bakes with everything on the new revision.',
  })

const steps = 'self.strategy.canary.steps'
const analyses = `${steps}.filter(s, has(s.analyze)).map(s, s.analyze.for)`
// `for` is a word of CEL: only its escaped name has the bounds that the cost of a rule is estimated from.
const bakeFor = 'self.bake.__for__'
const bakes = `(has(self.bake) && ${wellFormed(bakeFor)} && duration(${bakeFor}) > duration('0s'))`
const hasSteps = 'has(self.strategy.canary) && has(self.strategy.canary.steps)'
const atFull = `${steps}.map(s, has(s.setWeight) && s.setWeight == 100).indexOf(true)`
const lastAnalysis = `${steps}.map(s, has(s.analyze)).lastIndexOf(true)`
const test = 'self.strategy.abTest'
const hasTest = `has(${test})`
const hasRamp = 'has(self.strategy.canary) && has(self.strategy.canary.ramp)'
const adopted = 'self.router.istio.virtualServices'
const someOf = (list: string): string => `(has(v.${list}) && v.${list}.size() > 0)`
const hasNoHttp = `has(self.router.istio) && has(${adopted}) && ${adopted}.exists(v, ${someOf('tlsRoutes')} || ${someOf('tcpRoutes')})`
const looksIntoHttp = [
  hasTest,
  'has(self.strategy.canary) && has(self.strategy.canary.affinity)',
  `(${hasSteps}) && ${steps}.exists(s, has(s.match) || has(s.mirror) || has(s.fault))`,
  'has(self.strategy.blueGreen) && (has(self.strategy.blueGreen.preview) || has(self.strategy.blueGreen.mirror))',
]

export const rolloutSpec = z
  .object({
    replicas: z.int().min(0).max(100_000).default(1).meta({
      description: 'Pods of the stable revision; the scale subresource, so autoscalers point at the Rollout.',
    }),
    template: podTemplate.exactOptional(),
    workloadRef: workloadRef.exactOptional(),
    service: serviceSpec,
    router,
    strategy,
    analysis: analysis.exactOptional(),
    bake: bake.prefault({}),
    onNewRevision: z.enum(['supersede', 'queue']).default('supersede').meta({
      description:
        'When a newer revision is declared during a release: supersede goes back to stable and begins with it, queue finishes first, and then begins with the latest. Going back to stable never waits.',
    }),
    scaleDownDelay: duration(
      'How long the old revision stays warm after a promotion: the time in which return is one route write.',
    ).default('10m'),
    abortScaleDownDelay: duration('How long the canary stays after it lost its traffic by a rollback.').default('30s'),
    drain: duration(
      'How long, at most, a revision without traffic keeps its pods for requests and streams that are still open. Streams are seen where Prometheus has envoy_cluster_upstream_rq_active of the pods’ or the callers’ proxies, or for TCP routes istio_tcp_connections_*; elsewhere only requests that end are, and streams have the pods’ terminationGracePeriodSeconds.',
    ).default('30m'),
    progressDeadline: duration('How long the pods of a new revision may take to become ready.').default('10m'),
    releaseHistoryLimit: z.int().min(1).max(100).default(10).meta({ description: 'How many Releases are kept.' }),
    rollbackWindow: z.int().min(0).max(20).default(3).meta({
      description:
        'How many revisions that served before stable are kept as Deployments without pods. When one of them is declared again, or one whose pods are still warm, it returns without gates, hooks and pauses: straight to 100 %, watched there for bake.for (two intervals of the analysis where there is no bake), and stable again. What was rejected since it served is a release like any other.',
    }),
    config: z
      .array(configRef)
      .max(64)
      .default([])
      .meta({ description: 'How ConfigMaps and Secrets that the pods use are followed, where not by default.' }),
    notify: z
      .array(routing)
      .max(16)
      .meta({ description: 'Who is told outside the cluster, besides the Events.' })
      .exactOptional(),
    suspend: z
      .boolean()
      .default(false)
      .meta({ description: 'Stops forward moves only: a running release holds, is watched, and may go back.' }),
  })
  .meta({
    description: 'What to run, what to watch and how to step.',
    ...rules(
      {
        rule: 'has(self.template) != has(self.workloadRef)',
        message: 'name exactly one workload: template or workloadRef',
      },
      {
        rule: 'has(self.workloadRef) == has(oldSelf.workloadRef)',
        message:
          "template and workloadRef cannot take each other's place; delete the Rollout (sluice eject keeps what serves) and make another",
      },
      {
        rule: 'has(self.workloadRef) || self.service.ports.size() > 0',
        message: 'service.ports is empty; name at least one port',
      },
      {
        rule: '!has(self.workloadRef) || self.service.ports.size() == 0',
        message: 'service.ports are those of your Service with workloadRef; remove them here',
      },
      {
        rule: `!(${hasNoHttp}) || !(${looksIntoHttp.map((rule) => `(${rule})`).join(' || ')})`,
        message:
          'tlsRoutes and tcpRoutes have weights only; leave match, mirror, fault, affinity, preview and abTest out of strategy, or adopt http routes only in router.istio.virtualServices',
      },
      {
        rule: `!(${hasSteps}) || has(self.analysis) || !${steps}.exists(s, has(s.analyze))`,
        message: 'an analyze step needs spec.analysis with prometheus and at least one metric',
      },
      {
        rule: `!(${hasSteps}) || !has(self.analysis) || has(self.analysis.slo) || self.analysis.metrics.all(m, has(m.query)) || ${atFull} < 0 || ${lastAnalysis} < ${atFull}`,
        message: 'an analyze step at 100 % has nothing to compare with; set analysis.slo, or lower that setWeight',
      },
      {
        rule: `!(${hasRamp}) || has(self.analysis)`,
        message: 'a ramp goes by evidence; add spec.analysis with prometheus and at least one metric, or use steps',
      },
      {
        rule: `!(${hasRamp}) || !has(self.analysis) || self.analysis.mode == 'act'`,
        message: 'a ramp moves by verdicts, which mode: observe only reports; use steps, or mode: act',
      },
      {
        rule: `!(${hasRamp}) || !has(self.analysis) || self.analysis.metrics.exists(m, has(m.requests) || has(m.counters))`,
        message: 'a ramp counts failed requests; add a metric with requests: {} or counters to analysis.metrics',
      },
      {
        rule: `!${bakes} || !(${hasSteps}) || ${steps}.all(s, !has(s.setWeight) || s.setWeight < 100 - self.bake.holdBack)`,
        message: 'a step sets more than what the bake leaves to the canary; lower that setWeight, or bake.holdBack',
      },
      {
        rule: `!${bakes} || !(${hasRamp}) || self.strategy.canary.ramp.ladder.all(w, w < 100 - self.bake.holdBack)`,
        message: 'a rung is more than what the bake leaves to the canary; lower that rung, or bake.holdBack',
      },
      {
        rule: `!${bakes} || !${hasTest}`,
        message: 'an A/B test has no bake; leave bake out, the test itself is as long as you like',
      },
      {
        rule: `!${hasTest} || !has(${test}.metric) || (has(self.analysis) && self.analysis.metrics.exists(m, m.name == ${test}.metric && has(m.conversion)))`,
        message: 'abTest.metric is not the name of a conversion in analysis.metrics; add it there, or leave metric out',
      },
      {
        rule: `${hasTest} || !has(self.analysis) || self.analysis.metrics.all(m, !has(m.conversion))`,
        message: 'a conversion is what strategy.abTest decides by; use counters to compare a canary with stable',
      },
      {
        rule: `!(${hasSteps}) || !has(self.analysis) || !${analyses}.all(d, ${wellFormed('d')}) || !${wellFormed('self.analysis.deadline')} || ${analyses}.all(d, duration(d) < duration(self.analysis.deadline))`,
        message:
          'an analyze step lasts as long as analysis.deadline, so no release could finish it; raise analysis.deadline',
      },
    ),
  })

export const rolloutStatus = z
  .object({
    ...conditions(
      16,
      'Ready always; Reconciling while a release runs; Stalled while it cannot go on. As kstatus reads them.',
    ),
    replicas: z.int().meta({ description: 'Pods of all revisions.' }).exactOptional(),
    selector: z
      .string()
      .max(1024)
      .meta({ description: 'Label selector of those pods, for autoscalers.' })
      .exactOptional(),
    stable: revision('The revision that serves.').exactOptional(),
    canary: revision('The revision that is being released.').exactOptional(),
    weight: z
      .int()
      .min(0)
      .max(100)
      .meta({ description: 'Percentage of the requests that the canary gets.' })
      .exactOptional(),
    step: z.string().max(16).meta({ description: 'Step of the running release, for example 3/7.' }).exactOptional(),
    gate: z.string().max(63).meta({ description: 'Name of the gate that waits for a person.' }).exactOptional(),
    release: z.int().min(0).meta({ description: 'Number of the running release.' }).exactOptional(),
    pausedBy: z.string().max(4096).meta({ description: 'Who said pause, and why.' }).exactOptional(),
    hold: z
      .string()
      .max(63)
      .meta({ description: 'Why it stands still, as one word, where neither a gate nor a person is why.' })
      .exactOptional(),
    queuedAt: timestamp('Since when the release stands in line for a place.').exactOptional(),
    message: z.string().max(4096).meta({ description: 'The state as a sentence.' }).exactOptional(),
    lastRelease: z
      .object({
        number: z.int().min(0).meta({ description: 'Its number.' }),
        revision: revision('Its revision.'),
        outcome: z.enum(OUTCOMES).meta({ description: 'How it ended. Final.' }),
        since: z
          .enum(SEQUELS)
          .meta({
            description:
              'What became of it afterwards: withdrawn, so that its revision may be released again, rolled back on the route itself, or rolled back by a person.',
          })
          .exactOptional(),
      })
      .meta({
        description: 'The release that ended last. A revision that was rejected is not started again by itself.',
      })
      .exactOptional(),
  })
  .meta({ description: 'Written by the engine at transitions.' })
