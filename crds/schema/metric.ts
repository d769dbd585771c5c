import { z } from 'zod'
import { atLeast, dnsLabel, duration, rules } from './vocabulary.ts'

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
    conversion: z
      .object({
        total: query(
          'PromQL selector of the counter of users who were given a revision, for example visitors_total{service="$service"}; asked once per revision.',
        ),
        converted: query('PromQL selector of the counter of those who did what is hoped for, likewise.'),
      })
      .meta({
        description:
          'What an A/B test is about: of the users of each revision, how many did it. Count users, not requests.',
        ...rules({
          rule: "[self.total, self.converted].all(q, q.contains('$service') || q.contains('$revision'))",
          message:
            'total and converted must contain $service or $revision, which tells the two revisions apart, for example visitors_total{service="$service"}',
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
    description: 'One thing to watch: exactly one of requests, latency, counters, conversion and query.',
    ...rules(
      {
        rule: '[has(self.requests), has(self.latency), has(self.counters), has(self.conversion), has(self.query)].exists_one(x, x)',
        message:
          'a metric has exactly one of requests, latency, counters, conversion and query; write for example requests: {}',
      },
      {
        rule: '!has(self.query) || has(self.max) || has(self.min) || has(self.cel)',
        message: 'a metric with a query and without a bound can never fail; add max, min or cel',
      },
      {
        rule: 'has(self.query) || !(has(self.max) || has(self.min) || has(self.cel))',
        message: 'max, min and cel belong to query; everything else is compared with stable',
      },
      {
        rule: 'has(self.query) || !self.advisory',
        message: 'advisory belongs to query; everything else is compared with stable',
      },
    ),
  })

export const metrics = z
  .array(metric)
  .min(1)
  .max(12)
  .meta({
    description: 'What is watched. Each metric compares the canary with stable inside every interval.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  })
