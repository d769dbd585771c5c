import { z } from 'zod'
import { timestamp } from './vocabulary.ts'

const condition = z
  .object({
    type: z.string().max(316).meta({ description: 'Ready, Reconciling or Stalled.' }),
    status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether the condition holds.' }),
    observedGeneration: z.int().meta({ description: 'metadata.generation that this was said about.' }).exactOptional(),
    lastTransitionTime: timestamp('When status last changed.'),
    reason: z.string().min(1).max(256).meta({ description: 'The cause, as one word.' }),
    message: z.string().max(4096).meta({ description: 'The cause, as a sentence.' }),
  })
  .meta({ description: 'One aspect of the state.' })

export type Condition = z.output<typeof condition>

/** What kstatus reads: at most so many, one of each type. */
export const conditions = (most: number, description: string) => ({
  observedGeneration: z
    .int()
    .meta({ description: 'metadata.generation that this status speaks about.' })
    .exactOptional(),
  conditions: z
    .array(condition)
    .max(most)
    .meta({ description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .exactOptional(),
})
