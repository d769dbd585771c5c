import { z } from 'zod'
import type { ObjectMeta } from '../meta.ts'
import { rules, timestamp } from './vocabulary.ts'

export type FreezeSpec = z.output<typeof freezeSpec>
export type Freeze = { apiVersion: string; kind: string; metadata: ObjectMeta; spec: FreezeSpec }

const text = (description: string) => z.string().min(1).max(253).meta({ description })

const labels = z
  .object({
    matchLabels: z
      .record(z.string(), z.string().max(63).meta({ description: 'Value of the label.' }))
      .meta({ description: 'Labels that a Rollout has to have, all of them.', maxProperties: 16 })
      .exactOptional(),
    matchExpressions: z
      .array(
        z
          .object({
            key: z.string().min(1).max(317).meta({ description: 'Key of the label.' }),
            operator: z
              .enum(['In', 'NotIn', 'Exists', 'DoesNotExist'])
              .meta({ description: 'How the value is compared.' }),
            values: z
              .array(z.string().max(63).meta({ description: 'A value.' }))
              .max(32)
              .meta({ description: 'For In and NotIn.' })
              .exactOptional(),
          })
          .meta({
            description: 'A condition on one label.',
            ...rules({
              rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
              message: 'In and NotIn need values; Exists and DoesNotExist have none',
            }),
          }),
      )
      .max(16)
      .meta({ description: 'Conditions that all have to hold.' })
      .exactOptional(),
  })
  .meta({ description: 'Rollouts by their labels; all of the namespaces where absent.' })

const atOnce = z
  .object({
    perNamespace: z
      .int()
      .min(1)
      .max(1_000)
      .meta({ description: 'So many releases at once in each namespace.' })
      .exactOptional(),
    total: z.int().min(1).max(10_000).meta({ description: 'So many releases at once altogether.' }).exactOptional(),
  })
  .meta({
    description:
      'A limit instead of a stop: of the Rollouts that it covers so many may be released at once. Others wait in the order in which they were declared, and say so. Releases under way go on.',
    ...rules({
      rule: 'has(self.perNamespace) || has(self.total)',
      message: 'atOnce needs perNamespace or total, for example atOnce: {perNamespace: 1}',
    }),
  })

export const freezeSpec = z
  .object({
    namespaces: z
      .array(text('Name of a namespace.').max(63))
      .min(1)
      .max(256)
      .meta({ description: 'Covers these namespaces; all where absent.', 'x-kubernetes-list-type': 'set' })
      .exactOptional(),
    selector: labels.exactOptional(),
    until: timestamp(
      'Ends by itself then, for example 2027-01-07T06:00:00Z. Without it: when it is deleted.',
    ).exactOptional(),
    reason: z.string().min(1).max(512).meta({ description: 'Why, in your own words: whoever waits reads it.' }),
    atOnce: atOnce.exactOptional(),
  })
  .meta({
    description:
      'What goes forward waits: a new release gets no traffic, one under way stays at its weight and is watched. Rollbacks, aborts and returns to what served before run as ever, and what has nothing that serves is started.',
  })
