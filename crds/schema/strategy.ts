import { z } from 'zod'
import { atLeast, dnsLabel, duration, notYet, objectName, opaque, rules, secretKey } from './vocabulary.ts'

const percent = (description: string) => z.int().min(1).max(100).meta({ description })

const approve = z
  .object({
    name: dnsLabel('Name of the gate. A decision names it, so it is unique in the strategy.'),
    expiresAfter: duration(
      'Time after which an approval is no longer asked for and the release holds.',
      atLeast('1s', 'expiresAfter must be at least 1s'),
    ).default('72h'),
  })
  .meta({ description: 'A gate: waits until a person approves. The canary is watched meanwhile.' })

const stringMatch = z
  .object({
    exact: z.string().max(1024).meta({ description: 'The whole value.' }).exactOptional(),
    prefix: z.string().max(1024).meta({ description: 'The beginning of the value.' }).exactOptional(),
    regex: z.string().max(1024).meta({ description: 'An RE2 expression.' }).exactOptional(),
  })
  .meta({ description: 'Exactly one of exact, prefix and regex.' })

const stringMatches = (description: string) =>
  z.record(z.string(), stringMatch).meta({ description, maxProperties: 16 })

const cohort = z
  .array(
    z
      .object({
        headers: stringMatches('Headers that have to match.').exactOptional(),
        cookies: stringMatches('Cookies that have to match.').exactOptional(),
      })
      .meta({ description: 'Requests that match all of these.' }),
  )
  .min(1)
  .max(16)

const mirror = z
  .object({
    percent: percent('Share of the requests that are copied to the canary; its answers are thrown away.').default(100),
    for: duration('How long.').exactOptional(),
  })
  .meta({ description: 'Copies requests to the canary.' })

const webhook = z
  .object({
    url: z.string().max(1024).meta({ description: 'Address that is asked by POST; any 2xx is success.' }),
    bearerToken: secretKey('Secret key with a bearer token.').exactOptional(),
    timeout: duration('Bound of one attempt.').default('10s'),
    retries: z.int().min(0).max(20).default(3).meta({ description: 'Further attempts after a failure.' }),
  })
  .meta({ description: 'Asks an HTTP endpoint.' })

const job = z
  .object({
    template: opaque<Record<string, unknown>>('Pod template of the Job.'),
    timeout: duration('Bound of the whole Job.').default('10m'),
  })
  .meta({ description: 'Runs a Job, for example a smoke test.' })

const fault = z
  .object({
    percent: percent('Share of the cohort that is hit.'),
    delay: duration('Added latency.').exactOptional(),
    abort: z.int().min(400).max(599).meta({ description: 'HTTP status that is answered instead.' }).exactOptional(),
  })
  .meta({ description: 'Injects faults into a match cohort.' })

const KINDS = ['setWeight', 'analyze', 'pause', 'approve', 'mirror', 'match', 'webhook', 'job', 'fault'] as const

const stepNotYet = (kind: string) => notYet(`the step ${kind}`, 'the steps are setWeight, analyze, pause and approve')

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
    mirror: mirror.meta(stepNotYet('mirror')).exactOptional(),
    match: cohort
      .meta({ description: 'Sends a cohort to the canary, by header or cookie.', ...stepNotYet('match') })
      .exactOptional(),
    webhook: webhook.meta(stepNotYet('webhook')).exactOptional(),
    job: job.meta(stepNotYet('job')).exactOptional(),
    fault: fault.meta(stepNotYet('fault')).exactOptional(),
  })
  .meta({
    description: 'One step: exactly one of setWeight, analyze, pause and approve.',
    ...rules({
      rule: `[${KINDS.map((kind) => `has(self.${kind})`).join(', ')}].exists_one(x, x)`,
      message:
        'a step has exactly one kind, for example setWeight: 20; write two steps, each with its own dash, for two kinds',
    }),
  })

const weights = 'self.filter(s, has(s.setWeight)).map(s, s.setWeight)'
const gates = 'self.filter(s, has(s.approve)).map(s, s.approve.name)'
const first = (kind: string): string => `self.map(s, has(s.${kind})).indexOf(true)`

const steps = z
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
    ),
  })

const ramp = z
  .object({
    ladder: z
      .array(percent('A rung.'))
      .min(1)
      .max(20)
      .default([1, 2, 5, 10, 25, 50])
      .meta({
        description: 'Weights that may be used, rising.',
        ...rules({
          rule: 'self.isSorted() && self.all(w, self.exists_one(v, v == w))',
          message: 'the ladder must rise from rung to rung, for example [1, 2, 5, 10, 25, 50]',
        }),
      }),
    errorBudget: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(50)
      .meta({ description: 'Failed requests a release may cost.' }),
    maxDuration: duration(
      'Limit of the whole ramp; then onInconclusive decides. analysis.deadline is a limit, too.',
      atLeast('1s', 'maxDuration must be at least 1s'),
    ).default('2h'),
    dwell: duration('Minimum time at the last rung.').default('0s'),
  })
  .meta({
    description:
      'Steps by evidence instead of by clock: the canary gets as much as the error budget allows for what is known about it, and is promoted once it is shown to be good. ramp: {} takes the defaults.',
  })

const canary = z.object({ steps: steps.exactOptional(), ramp: ramp.exactOptional() }).meta({
  description: 'The new revision gets a growing share of the requests: exactly one of steps and ramp.',
  ...rules({
    rule: 'has(self.steps) != has(self.ramp)',
    message: 'canary has exactly one of steps and ramp; write steps with at least one setWeight',
  }),
})

const blueGreen = z
  .object({
    preview: z
      .object({ host: z.string().min(1).max(253).meta({ description: 'Host of the preview.' }) })
      .meta({ description: 'Where the new revision can be tried before it serves.' })
      .exactOptional(),
    mirror: mirror.exactOptional(),
    tests: z
      .array(
        z
          .object({ webhook: webhook.exactOptional(), job: job.exactOptional() })
          .meta({ description: 'Exactly one of webhook and job.' }),
      )
      .max(10)
      .meta({ description: 'Smoke tests against the preview.' })
      .exactOptional(),
    approve: approve.exactOptional(),
  })
  .meta({
    description: 'The new revision is tried aside and then gets everything in one write.',
    ...notYet('strategy.blueGreen', 'use strategy.canary'),
  })

const abTest = z
  .object({
    match: cohort.meta({ description: 'Users that take part, by header or cookie.' }).exactOptional(),
    split: percent('Share of those users that see the new revision.').default(50),
    cookie: z
      .object({
        name: objectName('Name of the cookie.'),
        maxAge: duration('How long a user stays with one revision.').default('24h'),
      })
      .meta({ description: 'Keeps a user on one revision.' })
      .exactOptional(),
    maxDuration: duration('When the test ends undecided.').default('168h'),
    onEnd: z
      .enum(['keep-a', 'take-b', 'ask'])
      .default('ask')
      .meta({ description: 'What happens then: stable stays, the new revision is taken, or a person is asked.' }),
  })
  .meta({
    description: 'Two revisions side by side for chosen users.',
    ...notYet('strategy.abTest', 'use strategy.canary'),
  })

export const strategy = z
  .object({
    canary: canary.exactOptional(),
    blueGreen: blueGreen.exactOptional(),
    abTest: abTest.exactOptional(),
  })
  .meta({
    description: 'How a new revision is brought to its users: exactly one of canary, blueGreen and abTest.',
    ...rules({
      rule: '[has(self.canary), has(self.blueGreen), has(self.abTest)].exists_one(x, x)',
      message: 'name exactly one strategy: canary, blueGreen or abTest',
    }),
  })

export type StepSpec = z.output<typeof step>
