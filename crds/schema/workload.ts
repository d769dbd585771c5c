import { z } from 'zod'
import { dnsLabel, objectName, rules } from './vocabulary.ts'

const ownPrefix = rules({
  rule: "!self.exists(k, k.startsWith('sluice.dev/'))",
  message: 'keys that begin with sluice.dev/ are written by the engine; remove them',
})

const stringMap = (description: string, limit: number) =>
  z
    .record(z.string(), z.string().max(limit).meta({ description: 'The value.' }))
    .meta({ description, maxProperties: 64, ...ownPrefix })

const container = z
  .looseObject({
    name: z.string().min(1).max(63).meta({ description: 'Name of the container.' }),
    image: z.string().min(1).max(1024).meta({ description: 'Image of the container.' }),
  })
  .meta({ description: 'A container, as in a Deployment.' })

/** Kubernetes owns this type: every field is kept as declared, so that the revision's pods are exactly what was written. */
export const podSpec = z
  .looseObject({
    containers: z.array(container).min(1).max(50).meta({ description: 'Containers of the pods, as in a Deployment.' }),
  })
  .meta({ description: 'The pod spec, as in a Deployment. Every field is kept as declared.' })

export const podTemplate = z
  .object({
    metadata: z
      .object({
        labels: stringMap('Labels of the pods.', 63).exactOptional(),
        annotations: stringMap('Annotations of the pods.', 262_144).exactOptional(),
      })
      .meta({ description: 'Labels and annotations of the pods.' })
      .exactOptional(),
    spec: podSpec,
  })
  .meta({
    description:
      'The pod template: the Rollout is the workload. Every change of it is a new revision, except the annotation kubectl.kubernetes.io/restartedAt, which restarts stable.',
  })

export const workloadRef = z
  .object({
    apiVersion: z.literal('apps/v1').default('apps/v1').meta({ description: 'API version of the workload.' }),
    kind: z.literal('Deployment').default('Deployment').meta({ description: 'Kind of the workload.' }),
    name: objectName('Name of the Deployment, in the namespace of the Rollout.'),
  })
  .meta({
    description:
      'An existing Deployment to take over, instead of template: its pod template is what is declared, its pods become those of revisions, and deleting the Rollout hands it back.',
    ...rules({
      rule: 'self == oldSelf',
      message: 'workloadRef cannot be changed; delete the Rollout, which hands the workload back, and make another',
    }),
  })

const port = z
  .object({
    name: dnsLabel('Name of the port, for example http. Istio reads the protocol from it.', 15),
    port: z.int().min(1).max(65_535).meta({ description: 'Port of the Service.' }),
    targetPort: z
      .union([z.int(), z.string()])
      .meta({
        description:
          'Port of the pods, by number or by the name of a container port. Default: the same number as port.',
        'x-kubernetes-int-or-string': true,
      })
      .exactOptional(),
    protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP').meta({ description: 'Protocol of the port.' }),
    appProtocol: z
      .string()
      .max(253)
      .meta({ description: 'Application protocol, for example http or grpc; wins over the name of the port.' })
      .exactOptional(),
  })
  .meta({ description: 'A port of the Service.' })

export const serviceSpec = z
  .object({
    name: dnsLabel('Name of the Service that clients and routes use. It always selects the stable revision.'),
    ports: z
      .array(port)
      .max(20)
      .default([])
      .meta({
        description: 'Ports of the Service. With workloadRef they are those of your Service; leave them out.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
  })
  .meta({
    description:
      'The apex Service. The engine makes it, or with workloadRef takes yours, of which it changes one key of the selector; it selects the pods of the stable revision, always. One that somebody else made is never written: nothing begins until it has another name here, is gone, or is given to the Rollout by its label sluice.dev/rollout. While a release runs each revision has a Service of its own beside it.',
  })

export const configRef = z
  .object({
    configMap: objectName('Name of a ConfigMap.').exactOptional(),
    secret: objectName('Name of a Secret.').exactOptional(),
    track: z
      .enum(['version', 'trigger', 'none'])
      .meta({
        description:
          'version: a change starts a release, and each revision has a copy of its own, so that a rollback brings the old config back. trigger: a change starts a release; all pods read what is there. none: not followed. Default: version for ConfigMaps, none for Secrets. Secrets need deploy/components/secret-tracking; certificates, tokens, credentials of registries and what another controller keeps are not followed.',
      })
      .exactOptional(),
  })
  .meta({
    description: 'How one ConfigMap or Secret that the pods use is followed.',
    ...rules({
      rule: 'has(self.configMap) != has(self.secret)',
      message: 'name exactly one of configMap and secret',
    }),
  })

export type PodTemplate = z.output<typeof podTemplate>
export type ServiceSpec = z.output<typeof serviceSpec>
