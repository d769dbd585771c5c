import { z } from 'zod'
import { ACTIONS, type DecisionSpec } from '../decision.ts'
import { AUTHOR_CLAIM } from '../guard-policy.ts'
import type { ObjectMeta } from '../meta.ts'
import { objectName, revision, rules, timestamp } from './vocabulary.ts'

export type DecisionStatus = z.output<typeof decisionStatus>
export type Decision = {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec: DecisionSpec
  status?: DecisionStatus
}

export const decisionSpec = z
  .object({
    rollout: objectName('Name of the Rollout, in the same namespace.'),
    release: z.int().min(1).meta({ description: 'Number of the release that is meant.' }),
    revision: revision('The revision that is meant; a decision about another one is refused.'),
    gate: z.string().max(63).meta({ description: 'Name of the gate, for approve and reject.' }).exactOptional(),
    action: z.enum(ACTIONS).meta({ description: 'What is decided.' }),
    by: z.string().min(1).max(253).meta({ description: 'Who decides: the user name the API server knows.' }),
    groups: z
      .array(z.string().max(253).meta({ description: 'A group.' }))
      .max(64)
      .meta({ description: 'Groups of that user which count for this decision.' })
      .exactOptional(),
    claim: z
      .string()
      .max(253)
      .meta({ description: `What your identity says under ${AUTHOR_CLAIM}; gates with \`notBy: author\` ask for it.` })
      .exactOptional(),
    reason: z.string().max(1024).meta({ description: 'Why, in your own words.' }).exactOptional(),
  })
  .meta({
    description: "A person's word, bound to one release of one revision. It cannot be changed and is used once.",
    ...rules(
      { rule: 'self == oldSelf', message: 'a Decision cannot be changed; create another one' },
      {
        rule: "self.action != 'eject'",
        message: 'eject is nothing that a release does; use `sluice eject`, which leaves plain objects',
      },
      {
        rule: "!(self.action in ['approve', 'reject']) || has(self.gate)",
        message: 'approve and reject need gate: the name of the approve step that waits',
      },
    ),
  }) satisfies z.ZodType<DecisionSpec>

export const decisionStatus = z
  .object({
    outcome: z.enum(['Delivered', 'Applied', 'Refused']).meta({ description: 'What became of it.' }),
    message: z.string().max(4096).meta({ description: 'Why, as a sentence.' }),
    at: timestamp('When.'),
  })
  .meta({ description: 'Written by the engine once.' })
