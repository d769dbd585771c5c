import type { Cell, Reading, SampleRequest, Sampler } from '../../analysis/index.ts'
import { createSamplers } from '../../analysis/reader/index.ts'
import type { Policy } from '../../crds/policy.ts'
import { policy, request } from '../analysis/shop.ts'

export const every1s = (changes: Partial<Policy> = {}): Policy => policy({ interval: 1, ...changes })

/** A release of the Rollout of this name that begins now. */
export const released = (rollout: string, changes: Partial<SampleRequest> = {}): SampleRequest =>
  request({
    rollout,
    canary: `${rollout}-c`,
    baseline: `${rollout}-b`,
    policy: every1s(),
    startedAt: Math.floor(Date.now() / 1_000),
    after: Math.floor(Date.now() / 1_000),
    ...changes,
  })

export type Rows = AsyncDisposable & {
  all: Reading[]
  /** Of all rows until now. */
  sum: (key?: string) => Cell
  /** Reads on until the row at which something holds. */
  until: (holds: (last: Reading) => boolean) => Promise<Reading>
}

export function follow(url: string, asked: SampleRequest, sampler: Sampler = createSamplers()(url, {})): Rows {
  const all: Reading[] = []
  const ended = new AbortController()
  const readings = sampler.read(asked, ended.signal)[Symbol.asyncIterator]()
  return {
    all,
    sum: (key = 'errors') =>
      all.reduce<Cell>((total, { cells }) => total.map((n, i) => n + (cells[key]?.[i] ?? 0)) as Cell, [0, 0, 0, 0]),
    async until(holds) {
      for (;;) {
        const { value } = (await readings.next()) as { value: Reading }
        all.push(value)
        if (holds(value)) return value
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(ended.abort()),
  }
}

export const counts = ({ cells }: Reading): boolean => cells.errors !== undefined
