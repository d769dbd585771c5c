import { z } from 'zod'
import { cohort } from './cohort.ts'
import { callback, job, webhook } from './hook.ts'
import { allow } from './window.ts'
import { atLeast, dnsLabel, duration, percent, rules } from './vocabulary.ts'

const approvers = z
  .object({
    minimum: z
      .int()
      .min(1)
      .max(10)
      .default(1)
      .meta({ description: 'So many people have to approve; each has one vote.' }),
    groups: z
      .array(z.string().min(1).max(253).meta({ description: 'A group, as the API server knows it.' }))
      .min(1)
      .max(16)
      .meta({
        description: 'Only members of any of these count. Default: everybody who has the right to approve.',
        'x-kubernetes-list-type': 'set',
      })
      .exactOptional(),
    serviceAccounts: z
      .array(
        z
          .string()
          .max(317)
          .meta({
            description: 'A ServiceAccount as namespace/name.',
            ...rules({
              rule: "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$')",
              message: 'must be namespace/name, for example ci/release-bot',
            }),
          }),
      )
      .min(1)
      .max(16)
      .meta({
        description: 'ServiceAccounts that count beside people; no other one does.',
        'x-kubernetes-list-type': 'set',
      })
      .exactOptional(),
  })
  .meta({ description: 'Whose approvals count, and how many it takes.' })

export const approve = z
  .object({
    name: dnsLabel('Name of the gate. A decision names it, so it is unique in the strategy.'),
    by: approvers.exactOptional(),
    notBy: z
      .enum(['author'])
      .meta({
        description:
          'Whoever wrote the commit does not count. Where the author (sluice.dev/author) or spec.claim of the Decision is missing, nobody does.',
      })
      .exactOptional(),
    expiresAfter: duration(
      'Time after which an approval is no longer asked for and the release holds. An Event says so when three quarters of it have passed.',
      atLeast('1s', 'expiresAfter must be at least 1s'),
    ).default('72h'),
    allow: allow.exactOptional(),
    callback: callback.exactOptional(),
  })
  .meta({
    description: 'A gate: waits until so many people approve. The canary is watched meanwhile.',
    ...rules({
      rule: '!(has(self.notBy) && has(self.callback))',
      message: 'nobody knows who answers a callback, so it may be the author; leave out notBy or callback',
    }),
  })

const mirrored = percent(
  'Share of the requests that are copied to the new revision; its answers are thrown away.',
).default(100)
const mirroredFor = (description: string) => duration(description, atLeast('1s', 'mirror.for must be at least 1s'))
const MIRRORS = 'Copies requests to the new revision. They stay out of the evidence; crashes end the release.'

const mirror = z
  .object({
    percent: mirrored,
    for: mirroredFor(
      'The step lasts so long and ends the copies. Without it the next step begins at once, and copies are made to the end of the release.',
    ).exactOptional(),
  })
  .meta({ description: MIRRORS })

/** After the switch copies would come to whom they are copied from. */
export const mirrorBefore = z
  .object({ percent: mirrored, for: mirroredFor('How long, before the tests begin.').default('1m') })
  .meta({ description: MIRRORS })

const fault = z
  .object({
    percent: percent('Share of the cohort that is hit.').default(100),
    delay: duration('Added latency.', atLeast('1ms', 'delay must be at least 1ms')).exactOptional(),
    abort: z.int().min(400).max(599).meta({ description: 'HTTP status that is answered instead.' }).exactOptional(),
    for: duration('How long; then it is taken away.', atLeast('1s', 'fault.for must be at least 1s')).default('1m'),
  })
  .meta({
    description: 'Makes requests of the cohort of the match before it fail or wait, to see how callers bear it.',
    ...rules({
      rule: 'has(self.delay) != has(self.abort)',
      message: 'a fault is exactly one of delay and abort, for example delay: 2s or abort: 503',
    }),
  })

const KINDS = ['setWeight', 'analyze', 'pause', 'approve', 'mirror', 'match', 'webhook', 'job', 'fault'] as const

const step = z
  .object({
    setWeight: percent(
      'Moves the canary to this percentage of the requests, after scaling it to what that needs.',
    ).exactOptional(),
    analyze: z
      .object({
        for: duration(
          'Time that has to be covered by data. No data holds the release, it never passes and never fails.',
          atLeast('1s', 'analyze.for must be at least 1s'),
        ),
      })
      .meta({ description: 'Waits until the evidence of this weight allows to go on.' })
      .exactOptional(),
    pause: z
      .object({
        for: duration('How long; without it the release waits until a person resumes it.').exactOptional(),
      })
      .meta({ description: 'Waits. The canary is watched meanwhile.' })
      .exactOptional(),
    approve: approve.exactOptional(),
    mirror: mirror.exactOptional(),
    match: cohort(
      'From here to the end of the release, or to the next match, requests that match any of these go to the canary, whatever the weight. They stay out of the evidence.',
    ).exactOptional(),
    webhook: webhook.exactOptional(),
    job: job.exactOptional(),
    fault: fault.exactOptional(),
  })
  .meta({
    description: `One step: exactly one of ${KINDS.slice(0, -1).join(', ')} and ${KINDS.at(-1)}.`,
    ...rules({
      rule: `[${KINDS.map((kind) => `has(self.${kind})`).join(', ')}].exists_one(x, x)`,
      message:
        'a step has exactly one kind, for example setWeight: 20; write two steps, each with its own dash, for two kinds',
    }),
  })

const weights = 'self.filter(s, has(s.setWeight)).map(s, s.setWeight)'
const gates = 'self.filter(s, has(s.approve)).map(s, s.approve.name)'
const first = (kind: string): string => `self.map(s, has(s.${kind})).indexOf(true)`
const full = 'self.map(s, has(s.setWeight) && s.setWeight == 100).indexOf(true)'
const lastAside = 'self.map(s, has(s.match) || has(s.mirror) || has(s.fault)).lastIndexOf(true)'

export const steps = z
  .array(step)
  .min(1)
  .max(50)
  .meta({
    description:
      'The way of a release, in order, for example setWeight: 5, analyze: {for: 2m}, approve: {name: go-wide}, setWeight: 50. After the last step the canary gets everything. A release is watched from its first request to its last and goes back by itself in whatever step it is.',
    ...rules(
      {
        rule: `${weights}.isSorted() && ${weights}.all(w, ${weights}.exists_one(v, v == w))`,
        message: 'setWeight must rise from step to step; going back is what a rollback does',
      },
      {
        rule: `${gates}.all(g, ${gates}.exists_one(h, h == g))`,
        message: 'two approve steps have the same name; an approval is bound to one gate, so give each its own name',
      },
      {
        rule: `${first('analyze')} < 0 || (${first('setWeight')} >= 0 && ${first('setWeight')} <= ${first('analyze')})`,
        message: 'analyze before the first setWeight would never see a request; put a setWeight before it',
      },
      {
        rule: `${first('fault')} < 0 || (${first('match')} >= 0 && ${first('match')} <= ${first('fault')})`,
        message: 'a fault hits the cohort of a match; put a match step before it',
      },
      {
        rule: `${full} < 0 || ${lastAside} < ${full}`,
        message:
          'match, mirror and fault after setWeight: 100 have nobody left to reach, because everybody has the canary; put them before it',
      },
    ),
  })

export type StepSpec = z.output<typeof step>
