import { z } from 'zod'
import { ANALYSIS_DEFAULTS as DEFAULTS } from '../defaults.ts'
import { atLeast, dnsLabel, duration, rules, secretKey, wellFormed } from './vocabulary.ts'

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
    headers: z
      .array(
        z
          .object({
            name: z.string().min(1).max(128).meta({ description: 'Name of the header, for example X-Scope-OrgID.' }),
            value: secretKey('Secret key with the value of the header.'),
          })
          .meta({ description: 'A header sent with every query.' }),
      )
      .max(8)
      .meta({
        description: 'Headers sent with every query.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      })
      .exactOptional(),
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
    address: z
      .string()
      .max(512)
      .meta({
        description: 'Base URL, for example http://prometheus.monitoring:9090.',
        ...rules(
          {
            rule: "self.startsWith('http://') || self.startsWith('https://')",
            message: 'must begin with http:// or https://',
          },
          {
            rule: "!self.contains('@')",
            message: 'must not contain credentials; put them into a Secret and name it in auth',
          },
        ),
      }),
    auth: prometheusAuth.exactOptional(),
  })
  .meta({ description: 'The Prometheus that has the series of the gateway or of the callers.' })

const bound = (description: string) => z.number().meta({ description }).exactOptional()
const query = (description: string) => z.string().min(1).max(4096).meta({ description })

const metric = z
  .object({
    name: dnsLabel('Name of the metric in verdicts and views.'),
    requests: z
      .object({})
      .meta({ description: 'Failed requests: HTTP 5xx, no response, or a failed gRPC status.' })
      .exactOptional(),
    latency: z
      .object({
        slowerThan: duration(
          'A request that takes longer is bad. Moved up to the next boundary that the histogram has.',
          atLeast('1ms', 'slowerThan must be at least 1ms'),
        ),
      })
      .meta({ description: 'Slow requests.' })
      .exactOptional(),
    counters: z
      .object({
        total: query(
          'PromQL selector of the counter of all events, for example carts_total{service="$service"}. $service, $revision, $namespace and $rollout are filled in, once for the canary and once for stable.',
        ),
        bad: query('PromQL selector of the counter of bad events, likewise.'),
      })
      .meta({
        description: 'Bad events among all events, by two counters of your own.',
        ...rules({
          rule: "[self.total, self.bad].all(q, q.contains('$service') || q.contains('$revision'))",
          message:
            'total and bad must contain $service or $revision, which tells canary and stable apart, for example carts_total{service="$service"}',
        }),
      })
      .exactOptional(),
    query: query(
      'PromQL query with exactly one sample as its result. $service, $revision, $namespace and $rollout are filled in for the canary.',
    ).exactOptional(),
    max: bound('The result of query must not be above this.'),
    min: bound('The result of query must not be below this.'),
    cel: query(
      'CEL expression over the result of query, which is called value; true is good. For example value < 100.0.',
    ).exactOptional(),
    advisory: z.boolean().default(false).meta({
      description: 'A bound of query that is told and never decides. Otherwise two intervals beyond it roll back.',
    }),
  })
  .meta({
    description: 'One thing to watch: exactly one of requests, latency, counters and query.',
    ...rules(
      {
        rule: '[has(self.requests), has(self.latency), has(self.counters), has(self.query)].exists_one(x, x)',
        message: 'a metric has exactly one of requests, latency, counters and query; write for example requests: {}',
      },
      {
        rule: '!has(self.query) || has(self.max) || has(self.min) || has(self.cel)',
        message: 'a metric with a query and without a bound can never fail; add max, min or cel',
      },
      {
        rule: 'has(self.query) || !(has(self.max) || has(self.min) || has(self.cel))',
        message: 'max, min and cel belong to query; requests and latency are compared with stable',
      },
      {
        rule: 'has(self.query) || !self.advisory',
        message: 'advisory belongs to query; requests, latency and counters are compared with stable',
      },
    ),
  })

const metrics = z
  .array(metric)
  .min(1)
  .max(12)
  .meta({
    description: 'What is watched. Each metric compares the canary with stable inside every interval.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  })

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
      .default(DEFAULTS.burst)
      .meta({ description: 'Mean number of requests that fail together; weakens evidence accordingly.' }),
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
        rule: '!self.enforceSlo || self.slo >= 50.0',
        message: 'enforceSlo needs an objective of at least 50 percent',
      },
    ),
  })

export type AnalysisSpec = z.output<typeof analysis>
