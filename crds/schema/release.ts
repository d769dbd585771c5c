import { z } from 'zod'
import { MAX_LEDGER_CHARS, MAX_MESSAGE_CHARS, MAX_TIMELINE } from '../bounds.ts'
import type { ObjectMeta } from '../meta.ts'
import { OUTCOMES } from '../outcome.ts'
import type { Plan } from '../plan.ts'
import type { Policy } from '../policy.ts'
import type { Explanation } from '../verdict.ts'
import { objectName, opaque, revision, rules, timestamp } from './vocabulary.ts'
import type { PodTemplate } from './workload.ts'

export type ReleaseSpec = z.output<typeof releaseSpec>
export type ReleaseStatus = z.output<typeof releaseStatus>
export type Release = {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec: ReleaseSpec
  status?: ReleaseStatus
}

const text = (limit: number, description: string) => z.string().max(limit).meta({ description })

const digests = (description: string) =>
  z
    .record(z.string(), text(72, 'Digest of its content; begins with trigger: where it is not copied.'))
    .meta({ description, maxProperties: 64 })

const provenance = z
  .object({
    commit: text(128, 'Commit that declared the revision.').exactOptional(),
    author: text(256, 'Who wrote the commit.').exactOptional(),
    message: text(1024, 'What the commit says.').exactOptional(),
    images: z.array(text(1024, 'An image.')).max(100).default([]).meta({ description: 'Images of the revision.' }),
  })
  .meta({ description: 'Where the revision comes from.' })

export const releaseSpec = z
  .object({
    rollout: objectName('Name of the Rollout.'),
    number: z.int().min(1).meta({ description: 'Number of the release; rises by one per Rollout.' }),
    revision: revision('The revision that is released.'),
    from: revision('The revision that was stable when the release began; absent for the first.').exactOptional(),
    template: opaque<PodTemplate>('The pod template exactly as it was declared.'),
    configs: digests('What the ConfigMaps and Secrets of the pods contained, by <kind>/<name>.').exactOptional(),
    plan: opaque<Plan>('What the strategy was compiled to when the release began.'),
    policy: opaque<Policy>('What the analysis was compiled to when the release began.'),
    provenance,
  })
  .meta({
    description: 'What is released and how; fixed when the release begins.',
    ...rules({ rule: 'self == oldSelf', message: 'a Release is a record: its spec cannot be changed' }),
  })

const count = z
  .object({
    requests: z.int().min(0).meta({ description: 'Requests so far.' }),
    failed: z.int().min(0).meta({ description: 'Failed ones among them.' }),
  })
  .meta({ description: 'Requests of one side.' })

const entry = z
  .object({
    at: timestamp('When.'),
    event: text(64, 'What happened, as one word.'),
    message: text(MAX_MESSAGE_CHARS, 'What happened, as a sentence.'),
    detail: text(MAX_MESSAGE_CHARS, 'Lines that somebody else wrote about it, as the end of a log.').exactOptional(),
  })
  .meta({ description: 'One event.' })

export const releaseStatus = z
  .object({
    outcome: z
      .enum(OUTCOMES)
      .meta({ description: 'How the release ended; absent while it runs. Final.' })
      .exactOptional(),
    epoch: z
      .int()
      .min(0)
      .meta({ description: 'Which watch writes; an older one cannot overwrite it.' })
      .exactOptional(),
    step: text(16, 'Current step, for example 3/7.').exactOptional(),
    stepIndex: z.int().min(0).meta({ description: 'Index of the current step, from 0.' }).exactOptional(),
    skipped: z
      .array(z.int().min(0).meta({ description: 'Index of a step, from 0.' }))
      .max(200)
      .meta({ description: 'Steps that a person passed over by promote or step, by their index.' })
      .exactOptional(),
    weight: z
      .int()
      .min(0)
      .max(100)
      .meta({ description: 'Percentage of the requests that the canary gets.' })
      .exactOptional(),
    counts: z
      .object({ canary: count, stable: count })
      .meta({ description: 'Requests that were compared so far.' })
      .exactOptional(),
    verdict: opaque<Explanation>('The last verdict with its sentence and its evidence.').exactOptional(),
    timeline: z.array(entry).max(MAX_TIMELINE).meta({ description: 'What happened, oldest first.' }).exactOptional(),
    ledger: text(
      MAX_LEDGER_CHARS,
      'Every interval as integers, gzipped JSON in base64: any verdict can be computed again from it.',
    ).exactOptional(),
    message: text(MAX_MESSAGE_CHARS, 'The state as a sentence.').exactOptional(),
    configs: digests(
      'Where spec.configs is absent, because the engine of then did not look: what they contained when one looked first.',
    ).exactOptional(),
    toldAt: timestamp('When what it says was so; what is older does not overwrite it.').exactOptional(),
    startedAt: timestamp('When the release began.').exactOptional(),
    endedAt: timestamp('When it ended.').exactOptional(),
  })
  .meta({ description: 'Written by the engine while the release runs.' })
