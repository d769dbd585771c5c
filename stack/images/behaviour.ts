/** How a service treats its requests. Shares are 0 to 1 of all requests, drawn anew for each. */
export type Behaviour = {
  errorShare: number
  /** HTTP status of a failed request; clients and proxies may retry 502 to 504, not 500. */
  errorStatus: number
  slowShare: number
  /** Milliseconds that a slow request takes longer. */
  slowMs: number
  /** Answer of the readiness probe. */
  ready: boolean
}

/** What can be told to a running service: any part of its behaviour, or to end with a code. */
export type Order = Partial<Behaviour> & { exitCode?: number }

export function behaviourFrom(env: NodeJS.ProcessEnv): Behaviour {
  return {
    errorShare: Number(env.ERROR_SHARE ?? 0),
    errorStatus: Number(env.ERROR_STATUS ?? 500),
    slowShare: Number(env.SLOW_SHARE ?? 0),
    slowMs: Number(env.SLOW_MS ?? 0),
    ready: env.READY !== 'false',
  }
}

/** Throws a sentence for what is not an order. */
export function parseOrder(text: string): Order {
  const order = JSON.parse(text) as Record<string, unknown>
  for (const [name, value] of Object.entries(order)) {
    const wanted = name === 'ready' ? 'boolean' : 'number'
    if (!KNOWN.has(name)) throw new Error(`${name} is not one of ${[...KNOWN].join(', ')}`)
    if (typeof value !== wanted) throw new Error(`${name} must be a ${wanted}`)
  }
  return order
}

const KNOWN = new Set(['errorShare', 'errorStatus', 'slowShare', 'slowMs', 'ready', 'exitCode'])
