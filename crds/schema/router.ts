import { z } from 'zod'
import { duration, notYet, objectName, opaque, rules } from './vocabulary.ts'

const routeName = (description: string) => z.string().min(1).max(253).meta({ description })

const port = z
  .int()
  .min(1)
  .max(65_535)
  .meta({ description: 'Port that the route matches; any where there is one such route only.' })

const tlsRoute = z
  .object({
    port: port.exactOptional(),
    sniHosts: z
      .array(z.string().min(1).max(253).meta({ description: 'A host.' }))
      .min(1)
      .max(16)
      .meta({ description: 'sniHosts that the route matches, all of them.', 'x-kubernetes-list-type': 'set' })
      .exactOptional(),
  })
  .meta({ description: 'A tls route, by what it matches; {} is the only one.' })

const tcpRoute = z
  .object({ port: port.exactOptional() })
  .meta({ description: 'A tcp route, by what it matches; {} is the only one.' })

const virtualService = z
  .object({
    name: objectName('Name of an existing VirtualService.'),
    namespace: objectName("Its namespace. Default: the Rollout's.").exactOptional(),
    routes: z
      .array(routeName('Name of a route, as in spec.http[].name of the VirtualService.'))
      .max(16)
      .default([])
      .meta({
        description:
          'Names of the http routes that carry this service. Every other route stays as it is, byte for byte. Without any, and without tlsRoutes and tcpRoutes, it is the only http route, which needs no name.',
        'x-kubernetes-list-type': 'set',
      }),
    tlsRoutes: z
      .array(tlsRoute)
      .max(16)
      .meta({
        description: 'tls routes that carry this service, by weight.',
      })
      .exactOptional(),
    tcpRoutes: z
      .array(tcpRoute)
      .max(16)
      .meta({
        description: 'tcp routes that carry this service, by weight.',
      })
      .exactOptional(),
  })
  .meta({
    description: 'A VirtualService of yours in which routes are adopted.',
  })

/** `namespace` is a word of CEL. */
const namespaceOf = (entry: string): string => `(has(${entry}.__namespace__) ? ${entry}.__namespace__ : '')`

const acknowledged = z
  .string()
  .max(384)
  .meta({
    description: 'Kind/name, or Kind/namespace/name where the object lives elsewhere.',
    ...rules({
      rule: "self.matches('^[A-Z][A-Za-z]*(/[a-z0-9][-a-z0-9.]*){1,2}$')",
      message: 'write Kind/name or Kind/namespace/name, for example Sidecar/default',
    }),
  })

export const istioRouter = z
  .object({
    virtualServices: z
      .array(virtualService)
      .max(10)
      .default([])
      .meta({
        description:
          'VirtualServices whose routes carry this service. Their destinations are changed during a release only; at rest they read as in Git.',
        ...rules({
          rule: `self.all(a, self.exists_one(b, b.name == a.name && ${namespaceOf('b')} == ${namespaceOf('a')}))`,
          message: 'a VirtualService is named twice; put its routes into one entry',
        }),
      }),
    host: z
      .string()
      .min(1)
      .max(253)
      .meta({
        description:
          'Instead of virtualServices: the engine makes and owns a VirtualService for this host, for example shop.example.',
      })
      .exactOptional(),
    gateways: z
      .array(objectName('Name or namespace/name of a Gateway, or mesh.'))
      .max(10)
      .meta({
        description: 'Gateways of the VirtualService that the engine owns. Default: mesh.',
        'x-kubernetes-list-type': 'set',
      })
      .exactOptional(),
    acknowledge: z
      .array(acknowledged)
      .max(32)
      .meta({
        description:
          'Objects that name the host of the Service too and that you know: they say nothing about the hosts that both revisions have during a release.',
        'x-kubernetes-list-type': 'set',
      })
      .exactOptional(),
    trafficPolicy: opaque<Record<string, unknown>>(
      "Istio trafficPolicy of both revisions' DestinationRules. Default: a copy of the one that the DestinationRule of the apex host has.",
    ).exactOptional(),
  })
  .meta({
    description: 'Weights are written into Istio VirtualServices.',
    ...rules(
      {
        rule: 'has(self.host) || self.virtualServices.size() > 0',
        message: 'virtualServices is empty; name the VirtualService and the routes that carry this service',
      },
      {
        rule: '!has(self.host) || self.virtualServices.size() == 0',
        message: 'host and virtualServices exclude each other: a VirtualService is either made by the engine or yours',
      },
      {
        rule: 'has(self.host) || !has(self.gateways)',
        message: 'gateways belong to a VirtualService that the engine makes; add host, or leave them out',
      },
    ),
  })

const gatewayAPIRouter = z
  .object({
    httpRoutes: z
      .array(
        z
          .object({
            name: objectName('Name of an existing HTTPRoute, in the namespace of the Rollout.'),
            rules: z
              .array(routeName('Name of a rule of the HTTPRoute.'))
              .max(16)
              .meta({ description: 'Names of the rules that carry this service.' })
              .exactOptional(),
          })
          .meta({ description: 'An HTTPRoute of yours in which rules are adopted.' }),
      )
      .min(1)
      .max(10)
      .meta({ description: 'HTTPRoutes whose rules carry this service.' }),
  })
  .meta({
    description: 'Weights are written into Gateway API HTTPRoutes.',
    ...notYet('router.gatewayAPI', 'use router.istio'),
  })

export const router = z
  .object({
    istio: istioRouter.exactOptional(),
    gatewayAPI: gatewayAPIRouter.exactOptional(),
    settle: duration(
      'Wait between the readiness of the last canary pod and the first weight, so that every proxy knows the new endpoints.',
    ).default('500ms'),
    onForeignEdit: z.enum(['abort', 'hold']).default('abort').meta({
      description:
        'What happens when somebody else moves our destinations towards stable during a release: abort ends the release, hold waits for a person.',
    }),
  })
  .meta({
    description: 'What carries the weights: exactly one of istio and gatewayAPI.',
    ...rules({
      rule: 'has(self.istio) != has(self.gatewayAPI)',
      message: 'name exactly one router: istio or gatewayAPI',
    }),
  })

export type IstioRouter = z.output<typeof istioRouter>
