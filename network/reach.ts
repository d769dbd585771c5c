import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { callbackify } from 'node:util'
import { isOfMetadata, kindOfLocal } from './addresses.ts'

/**
 * The addresses of a host that somebody in a namespace named, for the engine to call: never to be looked up again, or a
 * name could lead elsewhere by then. Rejects with `OffLimits` where one of them may not be called, and as `lookup` does.
 */
export type Reach = (host: string) => Promise<LookupAddress[]>

/** Its message goes behind the name of the field: `leads to 127.0.0.1 (loopback), …`. */
export class OffLimits extends Error {}

export type ReachOptions = {
  /**
   * `local`: this machine, its link, and what a cloud tells its machines. `metadata`: its link and what a cloud tells,
   * for those who may well stand beside the engine. `nothing`: everything is on one machine.
   */
  refuses: 'local' | 'metadata' | 'nothing'
  /** Default: as the system does. */
  find?: (host: string) => Promise<LookupAddress[]>
}

export function createReach({ refuses, find = everyAddress }: ReachOptions): Reach {
  return async (host) => {
    // As in URLs: [::1].
    const name = host.replace(/^\[(.*)\]$/, '$1')
    const family = isIP(name)
    const found = family === 0 ? await find(name) : [{ address: name, family }]
    for (const { address } of found) {
      const kind = refuses === 'nothing' ? undefined : kindOfLocal(address)
      if (kind !== undefined && (refuses === 'local' || isOfMetadata(kind))) throw refusal(address, kind)
    }
    return found
  }
}

/** For sockets. They look up no host that is an address already: whoever opens them asks `reach` himself. */
export function lookupBy(reach: Reach): LookupFunction {
  const ask = callbackify(reach)
  return (host, { all }, done) =>
    ask(host, (error, found) => {
      const [first] = found ?? []
      if (error !== null || all) done(error, found ?? [])
      else done(null, first?.address ?? '', first?.family)
    })
}

const everyAddress = (host: string): Promise<LookupAddress[]> => lookup(host, { all: true })

const refusal = (address: string, kind: string): OffLimits =>
  new OffLimits(
    `leads to ${address} (${kind}), and the engine calls nobody there: name a Service, or a server elsewhere; where everything is on one machine, start the engine with --allow-local-targets true`,
  )
