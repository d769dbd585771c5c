import { z } from 'zod'
import { REASONS, TOLD_BY_DEFAULT } from '../notices.ts'
import type { ObjectMeta } from '../meta.ts'
import { httpAddress, objectName, rules, secretKey } from './vocabulary.ts'

export type ChannelSpec = z.output<typeof channelSpec>
export type Channel = { apiVersion: string; kind: string; metadata: ObjectMeta; spec: ChannelSpec }
export type EmailSpec = NonNullable<ChannelSpec['email']>

const KINDS = ['slack', 'teams', 'discord', 'webhook', 'email'] as const

const caBundle = secretKey(
  'Secret key with the PEM certificates that are trusted instead of the system’s.',
).exactOptional()

/** Whoever knows such an address may write to it: it is a secret as a whole. */
const hosted = (whose: string) =>
  z
    .object({ url: secretKey(`Secret key with the address of an incoming webhook of ${whose}.`), caBundle })
    .meta({ description: `A channel of ${whose}, by an incoming webhook.` })

const webhook = z
  .object({
    url: httpAddress('Address that is told by POST; any 2xx is success.', 1024, 'signedBy'),
    signedBy: secretKey(
      'Secret key with what both sides know: Sluice-Signature is an HMAC-SHA256 with it over the time and the body.',
    ),
    caBundle,
  })
  .meta({ description: 'An HTTP endpoint of your own; messages are signed.' })

const address = (description: string) =>
  z
    .string()
    .max(254)
    .meta({
      description,
      ...rules({
        rule: 'self.matches(\'^[^@\\\\s<>,;:"]+@[^@\\\\s<>,;:"]+$\')',
        message: 'must be an e-mail address and nothing besides, for example oncall@example.com',
      }),
    })

const email = z
  .object({
    host: z.string().min(1).max(253).meta({ description: 'The SMTP server.' }),
    port: z.int().min(1).max(65_535).default(587).meta({ description: 'Its port.' }),
    tls: z.enum(['starttls', 'implicit']).default('starttls').meta({
      description: 'starttls: the connection begins in the clear, and nothing is sent before it is encrypted.',
    }),
    credentials: z
      .object({
        username: secretKey('Secret key with the name.'),
        password: secretKey('Secret key with the password.'),
      })
      .meta({ description: 'How the engine signs in; absent where the server asks nobody.' })
      .exactOptional(),
    caBundle,
    from: address('Sender.'),
    to: z.array(address('A recipient.')).min(1).max(16).meta({ description: 'Recipients.' }),
  })
  .meta({ description: 'E-mail by SMTP, encrypted always.' })

export const channelSpec = z
  .object({
    slack: hosted('Slack').exactOptional(),
    teams: hosted('Microsoft Teams').exactOptional(),
    discord: hosted('Discord').exactOptional(),
    webhook: webhook.exactOptional(),
    email: email.exactOptional(),
  })
  .meta({
    description: 'Where people are told: exactly one of slack, teams, discord, webhook and email.',
    ...rules({
      rule: `[${KINDS.map((kind) => `has(self.${kind})`).join(', ')}].filter(x, x).size() == 1`,
      message: `a channel is exactly one of ${KINDS.join(', ')}`,
    }),
  })

/** `spec.notify` of a Rollout. */
export const routing = z
  .object({
    channel: objectName('Name of a Channel in the namespace of the Rollout.'),
    on: z
      .array(z.enum([...REASONS, 'All']).meta({ description: 'Reason of an Event of the Rollout, or All.' }))
      .min(1)
      .max(REASONS.length + 1)
      .meta({
        description: `What is told. Default: ${TOLD_BY_DEFAULT.join(', ')}.`,
        'x-kubernetes-list-type': 'set',
      })
      .exactOptional(),
    severity: z
      .enum(['info', 'warning'])
      .default('info')
      .meta({ description: 'warning: of those only what is not as expected (Events of type Warning).' }),
  })
  .meta({ description: 'Who is told what.' })
