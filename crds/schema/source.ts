import { z } from 'zod'
import type { ObjectMeta } from '../meta.ts'
import { conditions } from './condition.ts'
import { atLeast, duration, objectName, rules, timestamp } from './vocabulary.ts'

export type SourceSpec = z.output<typeof sourceSpec>
export type SourceStatus = z.output<typeof sourceStatus>
export type Source = {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec: SourceSpec
  status?: SourceStatus
}

const text = (limit: number, description: string) => z.string().max(limit).meta({ description })

const secretRef = (description: string) =>
  z
    .object({ name: objectName('Name of the Secret, in the namespace of the Source.') })
    .meta({ description })
    .exactOptional()

const url = z
  .string()
  .max(2048)
  .meta({
    description: 'Where the repository is: https://…, ssh://git@host/path, or file:///path where the engine allows it.',
    ...rules(
      {
        rule: "self.matches('^(https|ssh|file)://[^ \\t\\n]+$')",
        message: 'must begin with https://, ssh:// (ssh://git@host/path instead of git@host:path) or file://',
      },
      {
        rule: "!self.startsWith('https://') || !self.contains('@')",
        message: 'must not contain credentials; put username and password into a Secret and name it in secretRef',
      },
    ),
  })

const branch = z
  .string()
  .min(1)
  .max(255)
  .default('main')
  .meta({
    description: 'The branch that is applied.',
    ...rules({
      rule: "self.matches('^[A-Za-z0-9_][A-Za-z0-9._/+@-]*$') && !self.contains('..')",
      message: 'must be the name of a branch, as main or release/1.4',
    }),
  })

const webhook = z
  .object({
    kind: z.enum(['github', 'gitlab', 'gitea']).meta({ description: 'Who calls, and so how the call is signed.' }),
    secretRef: z
      .object({ name: objectName('Name of the Secret, in the namespace of the Source.') })
      .meta({ description: 'The Secret whose key `token` holds what both sides know.' }),
  })
  .meta({
    description:
      'Lets the host of the repository tell of a push: POST /hooks/<namespace>/<name> on the port of /healthz. Without it a push is seen at the next interval.',
  })

export const sourceSpec = z
  .object({
    url,
    ref: z.object({ branch }).default({ branch: 'main' }).meta({ description: 'What of the repository.' }),
    path: z
      .string()
      .max(1024)
      .default('')
      .meta({
        description:
          'The folder that is applied, with all below it; a folder with a kustomization.yaml is built by kustomize. Default: the root.',
        ...rules({
          rule: "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
          message: 'must be a folder of the repository, as deploy/production',
        }),
      }),
    interval: duration(
      'How often the branch is looked at and what is applied is compared with what is there.',
      atLeast('1s', 'must be at least 1s'),
    ).default('1m'),
    secretRef: secretRef(
      'The Secret that opens the repository: username and password, or ssh-privatekey and known_hosts; ca.crt for a server with a certificate of its own.',
    ),
    serviceAccountName: objectName(
      'The ServiceAccount of the same namespace whose rights everything is done with: reading the Secrets, applying, pruning.',
    ).default('sluice-source'),
    targetNamespace: objectName(
      'Where objects go that name no namespace; without it, where the Source is.',
    ).exactOptional(),
    prune: z.boolean().default(true).meta({
      description:
        'Deletes what this Source applied and the branch no longer declares; never a Namespace or a CustomResourceDefinition.',
    }),
    allowEmpty: z
      .boolean()
      .default(false)
      .meta({ description: 'A folder without any object is meant so: everything may be pruned.' }),
    webhook: webhook.exactOptional(),
    suspend: z.boolean().default(false).meta({ description: 'Nothing is fetched and nothing applied.' }),
  })
  .meta({
    description: 'A branch of a Git repository that is applied to the cluster, with the commit and its author.',
    ...rules({
      rule: "!self.url.startsWith('ssh://') || has(self.secretRef)",
      message: 'ssh needs secretRef: a Secret with ssh-privatekey and known_hosts',
    }),
  })

const said = {
  commit: text(64, 'A commit.').exactOptional(),
  author: text(256, 'Who wrote it.').exactOptional(),
  message: text(1024, 'The first line of what it says.').exactOptional(),
}

const entry = z
  .object({
    apiVersion: text(317, 'Of the object.'),
    kind: text(63, 'Of the object.'),
    namespace: text(63, 'Of the object.').exactOptional(),
    name: text(253, 'Of the object.'),
    digest: text(64, 'Of a Rollout: what of the branch decides what it runs.').exactOptional(),
    ...said,
  })
  .meta({ description: 'An object, and of a Rollout the head of the branch when what it runs changed.' })

const fault = z
  .object({
    file: text(1024, 'Where it is wrong.').exactOptional(),
    line: z.int().min(1).meta({ description: 'The line in that file.' }).exactOptional(),
    message: text(1024, 'What is wrong.'),
  })
  .meta({ description: 'Something that has to be put right in the repository.' })

const drift = z
  .object({
    object: text(700, 'Kind, namespace and name.'),
    fields: z
      .array(text(512, 'Path of a field.'))
      .max(20)
      .meta({ description: 'What differs; empty when the object is not there.' }),
    since: timestamp('When it was seen first.'),
  })
  .meta({ description: 'An object that is not as the branch declares it.' })

export const sourceStatus = z
  .object({
    ...conditions(8, 'Ready: the branch is applied; Stalled: somebody has to change the repository or the Source.'),
    ...said,
    appliedAt: timestamp('When it was applied.').exactOptional(),
    attempted: text(
      64,
      'The commit that was looked at last; another one than commit while it is refused.',
    ).exactOptional(),
    errors: z
      .array(fault)
      .max(20)
      .meta({ description: 'Why that commit is refused; nothing of it is applied.' })
      .exactOptional(),
    inventory: z.array(entry).max(2000).meta({ description: 'What this Source applied.' }).exactOptional(),
    drift: z
      .array(drift)
      .max(100)
      .meta({ description: 'What somebody else changed since; put back at the next interval.' })
      .exactOptional(),
    requestedAt: text(40, 'When a webhook asked to look.').exactOptional(),
  })
  .meta({ description: 'Written by the engine. Commit, author and message are those of what is applied.' })
