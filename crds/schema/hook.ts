import { z } from 'zod'
import { atLeast, duration, httpAddress, opaque, secretHeaders, secretKey } from './vocabulary.ts'
import { podSpec } from './workload.ts'

/** What is asked of others: an endpoint, or a Job. */

const endpoint = {
  url: httpAddress('Address that is asked by POST; any 2xx is success.', 1024, 'bearerToken or headers'),
  bearerToken: secretKey('Secret key with a bearer token.').exactOptional(),
  headers: secretHeaders('Headers sent with every attempt.').exactOptional(),
  caBundle: secretKey('Secret key with the PEM certificates that are trusted for an https address.').exactOptional(),
}

export const webhook = z
  .object({
    ...endpoint,
    timeout: duration('Bound of one attempt.', atLeast('100ms', 'timeout must be at least 100ms')).default('10s'),
    retries: z.int().min(0).max(20).default(3).meta({ description: 'Further attempts after a failure.' }),
  })
  .meta({
    description:
      'Asks an HTTP endpoint by POST with a JSON body; a release whose question is not answered by a 2xx goes back.',
  })

export const callback = z.object(endpoint).meta({
  description:
    'Tells an HTTP endpoint by POST, once the gate waits, by which addresses it can be answered: one approves, one rejects, and one answer counts. It counts beside those of people, as one vote of whoever knows the address.',
})

export const job = z
  .object({
    template: z
      .object({
        metadata: opaque<{ labels?: Record<string, string>; annotations?: Record<string, string> }>(
          'Labels and annotations of the pod.',
        ).exactOptional(),
        spec: podSpec,
      })
      .meta({ description: 'Pod template of the Job, as in spec.template of a Job.' }),
    timeout: duration('Bound of the whole Job.', atLeast('1s', 'timeout must be at least 1s')).default('10m'),
  })
  .meta({ description: 'Runs a Job, for example a smoke test; its exit code decides.' })

export type WebhookSpec = z.output<typeof webhook>
export type JobSpec = z.output<typeof job>
