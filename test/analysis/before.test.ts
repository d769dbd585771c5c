import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSamplers } from '../../analysis/reader/index.ts'
import type { LookedBack } from '../../analysis/sampler.ts'
import { fakePrometheus, type FakePrometheus } from '../fakes/prometheus.ts'
import { request, requests, scraped, T } from './shop.ts'

/** Whether a release may begin: what Prometheus says when it is asked what was before. */
let prometheus: FakePrometheus
beforeEach(async () => {
  prometheus = await fakePrometheus()
  prometheus.now = () => T + 600
})
afterEach(() => prometheus[Symbol.asyncDispose]())

const lookBack = (): Promise<LookedBack> =>
  createSamplers()(prometheus.url, {}).before({ ...request(), apex: 'checkout' }, AbortSignal.timeout(25_000))

const EMPTY = { status: 'success', data: { resultType: 'matrix', result: [] } }

/** The question for the rate looks every five seconds. */
const isRate = (query: string): boolean => query.endsWith(':5s]')

type Answer = { code: number; body: object }
const answering = (asked: (query: string) => boolean, { code, body }: Answer): void => {
  prometheus.answer = (query, response) => {
    if (query === 'time()' || !asked(query)) return false
    response.statusCode = code
    response.end(JSON.stringify(body))
    return true
  }
}

describe('what was before a release', () => {
  it.each<[string, Answer, string]>([
    [
      'has no room for a question',
      { code: 503, body: { status: 'error', error: 'queue is full' } },
      'Prometheus answers 503: queue is full',
    ],
    [
      'answers in part',
      { code: 200, body: { ...EMPTY, warnings: ['a store is away'] } },
      'Prometheus warns: a store is away',
    ],
    ['is behind a proxy that gives up', { code: 504, body: {} }, 'spec.analysis.prometheus.address answers 504'],
  ])('is refused where Prometheus %s', async (_, answer, sentence) => {
    answering(isRate, answer)
    expect(await lookBack()).toMatchObject({ before: {}, refused: expect.stringContaining(sentence) as string })
  })

  it('is refused where Prometheus takes the question and never answers', async () => {
    prometheus.answer = () => true
    const refused = 'no answer within 10 s from spec.analysis.prometheus.address'
    expect(await lookBack()).toMatchObject({ before: {}, refused })
  })

  it('is there in part where only the long look back fails', async () => {
    prometheus.series = [
      requests(
        'b',
        '200',
        scraped(T, T + 600, 5, (time) => 2 * (time - T)),
      ),
    ]
    answering((query) => !isRate(query), { code: 503, body: { status: 'error', error: 'query timed out' } })
    const { before, refused } = await lookBack()
    expect(before).toEqual({ rate: 2 })
    expect(refused).toBeUndefined()
  })

  it('says how long it is between two samples of the slowest target', async () => {
    expect(await lookBack()).not.toHaveProperty('scrape')
    const counted = (spacing: number, target: Record<string, string>) =>
      requests(
        'b',
        '200',
        scraped(T, T + 600, spacing, (time) => 2 * (time - T)),
        target,
      )
    prometheus.series = [counted(5, { instance: 'one' }), counted(30, { instance: 'two' })]
    expect(await lookBack()).toMatchObject({ scrape: 30 })
  })

  it('takes the rate of the last minute where that is more: the rest went to a revision that is gone', async () => {
    const sinceMoved = (time: number): number => Math.max(0, time - (T + 500))
    prometheus.series = [
      requests(
        'b',
        '200',
        scraped(T, T + 600, 5, (time) => 100 * sinceMoved(time)),
      ),
    ]
    expect((await lookBack()).before.rate).toBe(100)
  })
})
