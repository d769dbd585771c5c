import { LABEL } from '../crds/names.ts'
import { DEPLOYMENTS, DESTINATION_RULES, RELEASES, ROLLOUTS, VIRTUAL_SERVICES } from '../crds/resources.ts'
import type { Rollout } from '../crds/schema/rollout.ts'
import { reflect, type Kube, type KubeObject, type Log, type Reflector } from '../kube/index.ts'
import { openAdoptees, type Adoptees } from './adoptees.ts'
import { RESTARTED_AT } from '../workload/revision.ts'
import { configIds, openConfigs, secretKeys, type Configs } from './configs.ts'
import type { ReleaseRecord } from './declaration.ts'
import { restartOf, type Deployment, type View } from './judgement.ts'
import { openFreezes, type Freezes } from './freezes.ts'
import { previewKey, routeKeys } from './places.ts'
import { ruleOf, rulesOfApex, type Rule } from './rules.ts'
import { createRouteSights, noteOf, type RouteSights, type VirtualService } from './routes.ts'
import type { RolloutRef } from './workflows.ts'

export type Caches = {
  /** Resolves when all of them know everything. */
  synced: Promise<unknown>
  /** Keys of all Rollouts. */
  rollouts(): string[]
  view(rollout: RolloutRef): View | undefined
  /** Has to be done before `view` is asked: what is only looked at where somebody wants it is known then. */
  follow(rollout: RolloutRef): Promise<void>
  /** The Release object of this name is there. */
  hasRelease(release: RolloutRef): boolean
  /** Epoch milliseconds: of the cache that heard of the server longest ago. */
  lastActivity(): number
  stop(): Promise<unknown>
}

export type CachesOptions = {
  kube: Pick<Kube, 'list' | 'watch'>
  log: Log
  onRestart: (kind: string) => void
  /** How long a changed config waits for the template that may follow it. */
  settleMs: number
  /** Key of a Rollout that something happened to. */
  onChange: (key: string) => void
}

/** The kinds a judgement is made of. Only what it reads is kept: a Release's ledger alone would be megabytes. */
export function openCaches(options: CachesOptions): Caches {
  const sights = createRouteSights()
  const reflectors = openReflectors(options, sights)
  const { rollouts, releases, deployments, routes, rules, configs, adoptees, freezes } = reflectors
  const all = [rollouts, releases, deployments, routes, rules, configs, adoptees, freezes]
  return {
    synced: Promise.all(all.map((one) => one.synced)),
    rollouts: () => rollouts.items().map(({ metadata }) => keyOf(metadata)),
    lastActivity: () => Math.min(...all.map((one) => one.lastActivity())),
    stop: () => Promise.all(all.map((one) => one.stop())),
    view: (ref) => viewOf(reflectors, sights, ref),
    hasRelease: ({ namespace, name }) => releases.get(`${namespace}/${name}`) !== undefined,
    follow: ({ namespace, name }) => {
      const key = `${namespace}/${name}`
      const rollout = rollouts.get(key)
      return configs.follow(key, rollout ? secretKeys(rollout) : [])
    },
  }
}

type Reflectors = {
  rollouts: Reflector<Rollout>
  releases: Reflector<ReleaseRecord>
  deployments: Reflector<Deployment>
  routes: Reflector<VirtualService>
  rules: Reflector<Rule>
  configs: Configs
  adoptees: Adoptees
  freezes: Freezes
}

function openReflectors({ onChange, ...common }: CachesOptions, sights: RouteSights): Reflectors {
  const tell = ({ metadata }: Rollout): void => onChange(keyOf(metadata))
  const seeRollout = (key: string): void => {
    onChange(key)
    // A place may have become free.
    freezes.waiting().forEach(tell)
  }
  const rollouts = reflect<Rollout>({ ...common, resource: ROLLOUTS, onChange: seeRollout, trim: withoutManagers })
  const freezes = openFreezes({ ...common, rollouts: () => rollouts.items(), onChange: tell })
  const releases = reflect<ReleaseRecord>({
    ...common,
    resource: RELEASES,
    onChange: (key) => onChange(key.replace(/-\d+$/, '')),
    trim: recordOf,
  })
  const deployments = reflectDeployments(common, onChange)
  const routes = reflect<VirtualService>({
    ...common,
    resource: VIRTUAL_SERVICES,
    onChange(key) {
      sights.see(key, routes.get(key))
      for (const rollout of rollouts.items())
        if ([...routeKeys(rollout), previewKey(rollout)].includes(key)) tell(rollout)
    },
    trim: withoutManagers,
  })
  const tellAll = (isMeant: (rollout: Rollout) => boolean): void => rollouts.items().filter(isMeant).forEach(tell)
  const rules = reflectRules(common, (namespace) => tellAll((rollout) => isIn(rollout, namespace)))
  const adoptees = openAdoptees({ ...common, rollouts: () => rollouts.items(), onChange: tell })
  const configs = openConfigs({
    ...common,
    onChange: (config) => tellAll((rollout) => reads(rollout, config, adoptees)),
  })
  return { rollouts, releases, deployments, routes, rules, configs, adoptees, freezes }
}

/** Calls back with the key of the Rollout. */
const reflectDeployments = (
  common: Pick<CachesOptions, 'kube' | 'log' | 'onRestart'>,
  onChange: (key: string) => void,
): Reflector<Deployment> =>
  reflect<Deployment>({
    ...common,
    resource: DEPLOYMENTS,
    labelSelector: LABEL.rollout,
    onChange: (key) => onChange(key.replace(/-[0-9a-f]+$/, '')),
    trim: sizeOf,
  })

/** Calls back with the namespace. Those of revisions are our own. */
const reflectRules = (
  common: Pick<CachesOptions, 'kube' | 'log' | 'onRestart'>,
  onChange: (namespace: string) => void,
): Reflector<Rule> =>
  reflect<Rule>({
    ...common,
    resource: DESTINATION_RULES,
    labelSelector: `!${LABEL.revision}`,
    onChange: (key) => onChange(key.split('/')[0]!),
    trim: ruleOf,
  })

/** The pods read this config. */
function reads(rollout: Rollout, config: string, adoptees: Adoptees): boolean {
  const template = rollout.spec.template ?? adoptees.deployment(rollout)?.spec.template
  return template !== undefined && configIds(template, rollout.metadata.namespace ?? '').has(config)
}

function viewOf(reflectors: Reflectors, sights: RouteSights, { namespace, name }: RolloutRef): View | undefined {
  const { rollouts, releases, deployments, routes, rules, configs, adoptees, freezes } = reflectors
  const rollout = rollouts.get(`${namespace}/${name}`)
  if (!rollout) return undefined
  const keys = routeKeys(rollout)
  return {
    rollout,
    releases: releases.items().filter((one) => isIn(one, namespace) && one.spec.rollout === name),
    deployment: (deployment) => deployments.get(`${namespace}/${deployment}`),
    virtualService: (place, route) => routes.get(`${place}/${route}`),
    others: rollouts.items().filter((one) => one !== rollout),
    notes: keys.flatMap((key) => {
      const route = routes.get(key)
      return (route && noteOf(route, namespace, name)) ?? []
    }),
    rules: rulesOfApex(rollout, rules.items()),
    cached: () => ({ virtualServices: routes.items(), destinationRules: rules.items() }),
    configs: configs.lookup(namespace),
    held: freezes.held(rollout),
    adopted: { deployment: adoptees.deployment(rollout), service: adoptees.service(rollout) },
    edits: [...keys, previewKey(rollout)].reduce((sum, key) => sum + sights.edits(key), 0),
  }
}

const keyOf = ({ namespace = '', name }: { namespace?: string; name: string }): string => `${namespace}/${name}`
const isIn = ({ metadata }: { metadata: { namespace?: string } }, namespace: string): boolean =>
  metadata.namespace === namespace

function withoutManagers<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

function recordOf(release: ReleaseRecord): ReleaseRecord {
  const { apiVersion, kind, metadata, spec, status } = withoutManagers(release)
  const { configs } = status ?? {}
  return { apiVersion, kind, metadata, spec, ...(configs ? { status: { configs } } : {}) }
}

function sizeOf(deployment: Deployment): Deployment {
  const { apiVersion, kind, metadata, spec } = withoutManagers(deployment)
  const restartedAt = restartOf(deployment)
  const annotations = restartedAt === undefined ? {} : { [RESTARTED_AT]: restartedAt }
  return {
    apiVersion,
    kind,
    metadata,
    spec: { replicas: spec?.replicas ?? 1, template: { metadata: { annotations } } },
  }
}
