import { routeAnnotation } from '../../crds/names.ts'
import { parseFence, passesFence, type Fence } from '../../crds/traffic.ts'
import type { RouteRecord, RouteTarget } from '../router.ts'
import type { RouteDestination } from './destinations.ts'
import type { VirtualService } from './virtual-service.ts'

/** Undefined where there is none, or none that an engine wrote: going back must work whatever stands there. */
export function readRecord({ metadata }: VirtualService, target: RouteTarget): RouteRecord | undefined {
  const text = metadata.annotations?.[routeAnnotation(target.namespace, target.name)]
  if (text === undefined) return undefined
  try {
    const record = JSON.parse(text) as RouteRecord
    parseFence(record.fence)
    return typeof record.stable === 'string' && typeof record.release === 'number' ? record : undefined
  } catch {
    return undefined // garbled by hand: the hosts on the route still tell what is ours
  }
}

/** Members in a fixed order, so that equal records are equal texts. */
export function recordText(record: RouteRecord): string {
  const { fence, stable, previous, canary, release, committed, aborted, weights, managed, preview, rest } = record
  return JSON.stringify({
    fence,
    stable,
    previous,
    canary,
    release,
    committed,
    aborted,
    weights,
    managed,
    preview,
    rest,
  })
}

export function restOf(
  record: RouteRecord | undefined,
  virtualService: VirtualService,
  route: string,
): RouteDestination[] | undefined {
  return record?.rest?.[restKey(virtualService, route)] as RouteDestination[] | undefined
}

export const restKey = ({ metadata }: VirtualService, route: string): string => `${metadata.name}/${route}`

/**
 * One record of several route objects. They are written in order, so the last one that has a record tells what is
 * committed; a fence or an abort on any of them counts.
 */
export function mergeRecords(records: (RouteRecord | undefined)[]): RouteRecord | undefined {
  const found = records.filter((record) => record !== undefined)
  const last = found.at(-1)
  if (!last) return undefined
  const fence = found
    .map((record) => record.fence)
    .reduce((a, b) => (passesFence(parseFence(b), parseFence(a)) ? b : a))
  const aborted = found.find((record) => record.aborted !== undefined)?.aborted
  const rest = Object.assign({}, ...found.map((record) => record.rest)) as NonNullable<RouteRecord['rest']>
  return {
    ...last,
    fence,
    release: Math.max(...found.map((record) => record.release)),
    ...(aborted === undefined ? {} : { aborted }),
    ...(Object.keys(rest).length === 0 ? {} : { rest }),
  }
}

/** Written by an engine for this very Rollout, not for an earlier one of the same name. */
export const isOfSameRollout = (record: RouteRecord | undefined, fence: Fence): boolean =>
  record !== undefined && parseFence(record.fence).uid === fence.uid
