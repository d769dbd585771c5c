import { describe, expect, it } from 'vitest'
import { createSamplers } from '../../analysis/reader/index.ts'
import type { LookedBack } from '../../analysis/sampler.ts'
import { openPast } from './past.ts'
import { request, requests, scraped, T } from './shop.ts'

/** Whether a release may begin: what Prometheus says when it is asked what was before. */
const past = openPast()

const lookBack = (): Promise<LookedBack> =>
  createSamplers()(past.prometheus().url, {}).before({ ...request(), apex: 'checkout' }, AbortSignal.timeout(25_000))

const EMPTY = { status: 'success', data: { resultType: 'matrix', result: [] } }

/** The question for the rate looks every five seconds. */
const isRate = (query: string): boolean => query.endsWith(':5s]')

type Answer = { code: number; body: object }
const answering = (asked: (query: string) => boolean, { code, body }: Answer): void => {
  past.prometheus().answer = (query, response) => {
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
    past.prometheus().answer = () => true
    const refused = 'no answer within 10 s from spec.analysis.prometheus.address'
    expect(await lookBack()).toMatchObject({ before: {}, refused })
  })

  it('is there in part where only the long look back fails', async () => {
    past.prometheus().series = [
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
    past.prometheus().series = [counted(5, { instance: 'one' }), counted(30, { instance: 'two' })]
    expect(await lookBack()).toMatchObject({ scrape: 30 })
  })

  it('takes the rate of the last minute where that is more: the rest went to a revision that is gone', async () => {
    const sinceMoved = (time: number): number => Math.max(0, time - (T + 500))
    past.prometheus().series = [
      requests(
        'b',
        '200',
        scraped(T, T + 600, 5, (time) => 100 * sinceMoved(time)),
      ),
    ]
    expect((await lookBack()).before.rate).toBe(100)
  })
})
