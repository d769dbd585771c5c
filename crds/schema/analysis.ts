import { z } from 'zod'
import { ANALYSIS_DEFAULTS as DEFAULTS, STICKY_BURST } from '../defaults.ts'
import { metrics } from './metric.ts'
import { atLeast, duration, httpAddress, rules, secretHeaders, secretKey, wellFormed } from './vocabulary.ts'

const prometheusAuth = z
  .object({
    bearerToken: secretKey('Secret key with a bearer token.').exactOptional(),
    basic: z
      .object({
        username: secretKey('Secret key with the user name.'),
        password: secretKey('Secret key with the password.'),
      })
      .meta({ description: 'HTTP basic authentication.' })
      .exactOptional(),
    caBundle: secretKey('Secret key with the PEM certificates that are trusted for an https address.').exactOptional(),
    headers: secretHeaders('Headers sent with every query.').exactOptional(),
  })
  .meta({
    description:
      'How the engine signs in. Every value is read from a Secret at the time of use and never stored anywhere else.',
    ...rules({
      rule: '!(has(self.bearerToken) && has(self.basic))',
      message: 'bearerToken and basic exclude each other; keep one',
    }),
  })

const prometheus = z
  .object({
    address: httpAddress('Base URL, for example http://prometheus.monitoring:9090.', 512, 'auth'),
    auth: prometheusAuth.exactOptional(),
  })
  .meta({ description: 'The Prometheus that has the series of the gateway or of the callers.' })

const intervalRules = [
  atLeast('1s', 'interval must be at least 1s'),
  {
    rule: `!${wellFormed('self')} || duration(self) < duration('1s') || duration(self).getMilliseconds() % 1000 == 0`,
    message: 'interval must be whole seconds',
  },
]

export const analysis = z
  .object({
    mode: z.enum(['act', 'observe']).default(DEFAULTS.mode).meta({
      description:
        'act: verdicts decide. observe: they are reported only, and the plan goes by the clock; pods that crash or are not ready still end a release.',
    }),
    interval: duration(
      'Length of one row of evidence, at least 1s. Take at least twice the scrape interval of Prometheus.',
      ...intervalRules,
    ).default(DEFAULTS.interval),
    prometheus,
    metrics,
    slo: z
      .number()
      .gt(0)
      .lt(100)
      .meta({
        description:
          'Objective in percent of good requests, for example 99.9. Enables tests without a comparison, which are all that is left at 100 percent, and holds the start while stable burns its budget six times too fast.',
      })
      .exactOptional(),
    falseRollback: z
      .number()
      .gt(0)
      .lte(0.5)
      .default(DEFAULTS.falseRollback)
      .meta({ description: 'Chance that a good release is rolled back, per release, however often one looks.' }),
    toleratedRatio: z
      .number()
      .gte(1)
      .lte(10)
      .default(DEFAULTS.toleratedRatio)
      .meta({ description: 'How many times as bad as stable the canary may be without being rolled back.' }),
    promoteRatio: z.number().gt(1).lte(100).default(DEFAULTS.promoteRatio).meta({
      description: 'A ramp promotes once the canary is shown to be less than this many times as bad as stable.',
    }),
    warmUp: duration('Time after the first canary request, and after pods were added, that is no evidence.').default(
      DEFAULTS.warmUp,
    ),
    dataDeadline: duration('Silence of Prometheus after which a person is called. The release keeps holding.').default(
      DEFAULTS.dataDeadline,
    ),
    deadline: duration(
      'Time with data, inside one analyze step or the ramp, after which an undecided release follows onInconclusive.',
    ).default(DEFAULTS.deadline),
    onInconclusive: z
      .enum(['hold', 'promote', 'rollback'])
      .default(DEFAULTS.onInconclusive)
      .meta({ description: 'What an undecided release does at its deadline.' }),
    enforceSlo: z.boolean().default(DEFAULTS.enforceSlo).meta({
      description: 'Count the evidence against slo, too: half of what a metric says is about the objective.',
    }),
    burst: z
      .number()
      .gte(1)
      .lte(100)
      .meta({
        description: `Mean number of requests that fail together; weakens evidence accordingly. Default: ${DEFAULTS.burst}; ${STICKY_BURST} where clients stay with their revision by a cookie.`,
      })
      .exactOptional(),
    shadow: z
      .array(z.enum(['flagger', 'argo']).meta({ description: 'A rule of another tool.' }))
      .max(2)
      .default([])
      .meta({
        description: 'Rules of other tools, judged beside ours for comparison. They never decide.',
        'x-kubernetes-list-type': 'set',
      }),
  })
  .meta({
    description: 'How the canary is judged.',
    ...rules(
      {
        rule: '!self.enforceSlo || has(self.slo)',
        message: 'enforceSlo needs an objective; add analysis.slo, for example slo: 99.9',
      },
      {
        rule: '!self.enforceSlo || !has(self.slo) || self.slo >= 50.0',
        message: 'enforceSlo needs an objective of at least 50 percent',
      },
    ),
  })

export type AnalysisSpec = z.output<typeof analysis>
