import { z } from 'zod'
import { cohort } from './cohort.ts'
import { job, webhook } from './hook.ts'
import { approve, mirrorBefore, steps } from './step.ts'
import { atLeast, duration, percent, rules } from './vocabulary.ts'

const cookieName = z
  .string()
  .min(1)
  .max(64)
  .meta({
    description: 'Name of the cookie. Default: sluice- and the name of the Service.',
    ...rules({
      rule: "self.matches('^[A-Za-z0-9_.-]+$')",
      message: 'a cookie is named by letters, digits, dots, dashes and underscores',
    }),
  })

const maxAge = duration(
  'How long a client stays with its revision.',
  atLeast('1s', 'maxAge must be at least 1s'),
).default('24h')

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

const affinity = z.object({ cookie: cookieName.exactOptional(), maxAge }).meta({
  description:
    'A client keeps the revision that it was given: a cookie of this release remembers it while the weight rises. Without cookies a client is asked anew each time. affinity: {} takes the defaults.',
})

const canary = z
  .object({ steps: steps.exactOptional(), ramp: ramp.exactOptional(), affinity: affinity.exactOptional() })
  .meta({
    description: 'The new revision gets a growing share of the requests: exactly one of steps and ramp.',
    ...rules({
      rule: 'has(self.steps) != has(self.ramp)',
      message: 'canary has exactly one of steps and ramp; write steps with at least one setWeight',
    }),
  })

const preview = z
  .object({
    host: z
      .string()
      .min(1)
      .max(253)
      .meta({
        description: 'Host of the preview, for example preview.shop.example.',
        ...rules({
          rule: "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
          message: 'must be a host name in lower case, without scheme, port and path',
        }),
      }),
  })
  .meta({
    description:
      'The new revision answers under this host before it serves, on the gateways of the route object. Another host than those of the service; gateway and DNS have to know it.',
  })

const blueGreen = z
  .object({
    preview: preview.exactOptional(),
    previewReplicas: percent(
      'Pods of the new revision before the switch, in percent of replicas; all of them before it gets traffic.',
    ).default(100),
    mirror: mirrorBefore.exactOptional(),
    tests: z
      .array(
        z.object({ webhook: webhook.exactOptional(), job: job.exactOptional() }).meta({
          description: 'Exactly one of webhook and job.',
          ...rules({
            rule: 'has(self.webhook) != has(self.job)',
            message: 'a test has exactly one of webhook and job; write two tests, each with its own dash',
          }),
        }),
      )
      .max(10)
      .meta({ description: 'Smoke tests of the new revision, one after the other, before it serves.' })
      .exactOptional(),
    approve: approve.exactOptional(),
  })
  .meta({
    description:
      'The new revision is tried aside, at full size, and then gets everything in one write; bake.for is how long it is watched before the way back ends. blueGreen: {} switches as soon as it is ready.',
  })

const abTest = z
  .object({
    match: cohort('Users that take part, by header or cookie; all of them without it.').exactOptional(),
    split: z
      .int()
      .min(1)
      .max(99)
      .default(50)
      .meta({ description: 'Percentage of those users that see B, the new revision; the others see A.' }),
    cookie: z
      .object({ name: cookieName.exactOptional(), maxAge })
      .prefault({})
      .meta({ description: 'Keeps a user on one revision.' }),
    metric: z
      .string()
      .min(1)
      .max(63)
      .meta({
        description:
          'Name of a conversion in analysis.metrics: the test ends as soon as it is known which revision has more of it.',
      })
      .exactOptional(),
    maxDuration: duration('When the test ends undecided.', atLeast('1s', 'maxDuration must be at least 1s')).default(
      '168h',
    ),
    then: z
      .enum(['keep-a', 'take-b', 'ask'])
      .default('ask')
      .meta({ description: 'What happens then: stable stays, the new revision is taken, or a person is asked.' }),
  })
  .meta({
    description:
      'A is stable, B the new revision: chosen users are split between them, and each stays where they are, until it is known which is better or the time is over.',
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
