import { describe, expect, it } from 'vitest'
import { openBatch, type Batch, type Wish } from '../../analysis/reader/batch.ts'
import { AskError } from '../../analysis/reader/refusal.ts'
import { T } from './shop.ts'

/** How questions of many releases are put together, and taken apart again. */
const names = Array.from({ length: 100 }, (_, i) => `shop-${i}`)

const wishOf = (name: string, at: number): Wish => ({
  namespace: name,
  services: [`${name}-c`, `${name}-b`],
  boundaries: [],
  from: at - 60,
  at,
  timeoutMs: 1_000,
})

function opened(fails: (query: string) => AskError | undefined): { batch: Batch; queries: string[] } {
  const queries: string[] = []
  const series = ({ query }: { query: string }) => {
    queries.push(query)
    const error = fails(query)
    return error ? Promise.reject(error) : Promise.resolve([])
  }
  return { queries, batch: openBatch({ series, scalar: () => Promise.resolve(0) }, () => undefined) }
}

/** What one look of all releases was told, and how many queries that took. */
async function look({ batch, queries }: ReturnType<typeof opened>, at: number) {
  const before = queries.length
  const answers = await Promise.allSettled(names.map((name) => batch.ask(wishOf(name, at))))
  const failed = answers.filter(({ status }) => status === 'rejected').length
  return { failed, asked: queries.length - before }
}

describe('many releases in one question', () => {
  it('fail alike, and are asked together again, when Prometheus is too slow for all of them', async () => {
    const desk = opened(() => new AskError('no answer within 1 s', 'moment'))
    const asked = []
    for (const at of [T, T + 15, T + 30, T + 45]) asked.push((await look(desk, at)).asked)
    expect(asked).toEqual([1, 2, 1, 2])
  })

  it('find the one that is too slow look by look, and leave it to itself', async () => {
    const desk = opened((query) =>
      query.includes('shop-7-') ? new AskError('no answer within 1 s', 'moment') : undefined,
    )
    const failed = []
    for (let row = 0; row < 10; row += 1) {
      const seen = await look(desk, T + 15 * row)
      expect(seen.asked).toBeLessThan(5)
      failed.push(seen.failed)
    }
    expect(failed).toEqual([100, 50, 25, 13, 6, 3, 2, 1, 1, 1])
  })

  it('are taken apart when the question is bad, and the bad one is asked alone from then on', async () => {
    const desk = opened((query) =>
      query.includes('shop-7-') ? new AskError('too many samples', 'question') : undefined,
    )
    const first = await look(desk, T)
    expect(first.failed).toBe(1)
    expect(first.asked).toBeLessThan(20)
    expect(await look(desk, T + 15)).toEqual({ failed: 1, asked: 2 })
  })

  it('take a bad one in again when it was not heard of for a while', async () => {
    let isMended = false
    const desk = opened((query) => {
      if (query.includes('shop-8-')) return new AskError('too many samples', 'question')
      return query.includes('shop-7-') && !isMended ? new AskError('too many samples', 'question') : undefined
    })
    await look(desk, T)
    isMended = true
    const { failed, asked } = await look(desk, T + 3_600)
    expect(failed).toBe(1)
    // Nobody is apart any more, so that the one that is still bad has to be found anew.
    expect(asked).toBeGreaterThan(3)
  })
})
