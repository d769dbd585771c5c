import { startLoad, type Load, type LoadStats } from './load.ts'

/** The shop's customers: most of them at the checkout, some on every other route. */
export type Crowd = {
  stats: () => Promise<CrowdStats>
  stop: () => Promise<CrowdStats>
}

export type CrowdStats = {
  /** Of the route whose service is released. */
  checkout: LoadStats
  sent: number
  /** On all routes: no answer, or none but the proxy's. */
  lost: number
}

export const CHECKOUT_RPS = 200
const OTHERS_RPS = 10
/** As the Rollout says it. */
const SLOWER_THAN_MS = 250

export function startCrowd(gateway: string): Crowd {
  const checkout = startLoad({ url: `${gateway}/checkout`, rps: CHECKOUT_RPS, slowerThanMs: SLOWER_THAN_MS })
  const others = [
    startLoad({ url: `${gateway}/catalog`, rps: OTHERS_RPS }),
    startLoad({ url: `${gateway}/payment`, rps: OTHERS_RPS }),
    startLoad({ url: `${gateway}/checkout`, rps: OTHERS_RPS, headers: { 'x-desk': 'support' } }),
  ]
  const ask = async (how: (load: Load) => Promise<LoadStats>): Promise<CrowdStats> => {
    const [first, ...rest] = await Promise.all([how(checkout), ...others.map(how)])
    const all = [first, ...rest]
    return {
      checkout: first,
      sent: all.reduce((sum, one) => sum + one.sent, 0),
      lost: all.reduce((sum, one) => sum + one.lost + one.mesh, 0),
    }
  }
  return { stats: () => ask((load) => load.stats()), stop: () => ask((load) => load.stop()) }
}
