import { afterEach, beforeEach } from 'vitest'
import type { Reading, SampleRequest } from '../../analysis/index.ts'
import { createSamplers } from '../../analysis/reader/index.ts'
import { fakePrometheus, type FakePrometheus, type FakeSeries } from '../fakes/prometheus.ts'
import { readRows, request, requests, scraped, T } from './shop.ts'

export type Past = {
  /** Of the test that runs. */
  prometheus: () => FakePrometheus
  /** The first rows that a sampler makes of these series. */
  read: (series: FakeSeries[], rows: number, asked?: Partial<SampleRequest>) => Promise<Reading[]>
}

/** A Prometheus for every test of a file; everything lies in the past there, so nothing waits. */
export function openPast(): Past {
  let prometheus: FakePrometheus
  beforeEach(async () => {
    prometheus = await fakePrometheus()
    prometheus.now = () => T + 600
  })
  afterEach(() => prometheus[Symbol.asyncDispose]())
  return {
    prometheus: () => prometheus,
    async read(series, rows, asked) {
      prometheus.series = series
      return readRows(createSamplers()(prometheus.url, {}), request(asked), rows)
    },
  }
}

export const cellsOf = (readings: Reading[], key = 'errors'): unknown[] => readings.map(({ cells }) => cells[key])

/** Requests that never fail. */
export const steady = (arm: 'c' | 'b', perSecond: number): FakeSeries =>
  requests(
    arm,
    '200',
    scraped(T - 60, T + 600, 5, (time) => Math.round((time - T + 100) * perSecond)),
  )
