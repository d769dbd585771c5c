import { z } from 'zod'
import { dnsLabel, duration, notYet, objectName, only, opaque, rules } from './vocabulary.ts'

const routeName = (description: string) => z.string().min(1).max(253).meta({ description })

const virtualService = z
  .object({
    name: objectName('Name of an existing VirtualService, in the namespace of the Rollout.'),
    routes: z.array(routeName('Name of a route, as in spec.http[].name of the VirtualService.')).min(1).max(16).meta({
      description: 'Names of the http routes that carry this service. Every other route stays as it is, byte for byte.',
      'x-kubernetes-list-type': 'set',
    }),
  })
  .meta({ description: 'A VirtualService of yours in which named routes are adopted.' })

export const istioRouter = z
  .object({
    virtualServices: z
      .array(virtualService)
      .max(10)
      .default([])
      .meta({
        description:
          'VirtualServices whose named routes carry this service. Their destinations are changed during a release only; at rest they read as in Git.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
    host: dnsLabel('Host of a VirtualService that the engine owns whole, instead of virtualServices.')
      .meta(notYet('router.istio.host', 'adopt a route of a VirtualService of yours with virtualServices'))
      .exactOptional(),
    gateways: z
      .array(objectName('Name of a Gateway, or mesh.'))
      .max(10)
      .meta({
        description: 'Gateways of the VirtualService that the engine owns.',
        ...notYet('router.istio.gateways', 'adopt a route of a VirtualService of yours with virtualServices'),
      })
      .exactOptional(),
    trafficPolicy: opaque<Record<string, unknown>>(
      "Istio trafficPolicy of both revisions' DestinationRules. Default: a copy of the one that the DestinationRule of the apex host has.",
    ).exactOptional(),
  })
  .meta({
    description: 'Weights are written into Istio VirtualServices.',
    ...rules({
      rule: 'has(self.host) || has(self.gateways) || self.virtualServices.size() > 0',
      message: 'virtualServices is empty; name the VirtualService and the routes that carry this service',
    }),
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
    onForeignEdit: z
      .enum(['abort', 'hold'])
      .default('abort')
      .meta({
        description:
          'What happens when somebody else moves our destinations towards stable during a release: abort ends the release, hold waits for a person.',
        ...only('router.onForeignEdit: hold', "'abort'", 'leave it out or write abort'),
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
