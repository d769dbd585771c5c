import { openCompany } from './company.ts'
import { AskError, MOST_SERIES, TooManySeries } from './refusal.ts'
import type { Client, Question, Series } from './client.ts'
import { serviceOf } from './labels.ts'
import { rawSamples, type Selection } from './queries.ts'

/** What one release wants to know: all raw samples in (from, at], epoch seconds. */
export type Wish = Selection & { from: number; at: number; timeoutMs: number }

/** Both reject with AskError. */
export type Batch = {
  /** Puts wishes of the same moment together: one query for all releases. */
  ask(wish: Wish): Promise<Series[]>
  /** A question in a user's own words, which cannot be put together with others: whoever asks the same shares its answer. */
  own(question: Question): Promise<Series[]>
}

type Waiting = {
  wish: Wish
  key: string
  resolve: (series: Series[]) => void
  reject: (error: AskError) => void
}

const COLLECT_MS = 5

/** `learn` gets everything that was answered from the callers' side: rows wait for nothing else. */
export function openBatch(client: Client, learn: (series: Series[]) => void): Batch {
  const gathering = new Map<string, Waiting[]>()
  const asked = new Map<string, Promise<Series[]>>()
  const desk: Desk = { client, learn, apart: new Map() }
  const company = openCompany()
  const flush = async (moment: string): Promise<void> => {
    const waiting = gathering.get(moment) ?? []
    gathering.delete(moment)
    const [alone, together] = [true, false].map((wanted) => waiting.filter((one) => isApart(desk, one) === wanted))
    const family = waiting[0] ? familyOf(waiting[0].wish) : ''
    const groups = [...(alone ?? []).map((one) => [one]), ...company.groups(family, together ?? [])]
    const slow = await Promise.all(groups.map((group) => fulfil(desk, group)))
    for (const { key, wish } of company.learn(family, groups, slow)) desk.apart.set(key, wish.at)
  }
  return {
    ask: (wish) =>
      new Promise((resolve, reject) => {
        const moment = `${wish.at} ${familyOf(wish)} ${wish.timeoutMs}`
        const waiting = gathering.get(moment) ?? []
        waiting.push({ wish, key: keyOf(wish), resolve, reject })
        gathering.set(moment, waiting)
        if (waiting.length === 1) setTimeout(() => void flush(moment), COLLECT_MS)
      }),
    own(question) {
      const key = `${question.at} ${question.query}`
      const answer = asked.get(key) ?? client.series(question).finally(() => asked.delete(key))
      asked.set(key, answer)
      return answer
    },
  }
}

const familyOf = ({ boundaries, reporter }: Wish): string =>
  reporter ?? (boundaries.length > 0 ? 'latency' : 'requests')

type Desk = {
  client: Client
  learn: (series: Series[]) => void
  /**
   * When wishes failed by themselves, epoch seconds: until they succeed, or are not heard of for a while, they are asked
   * by themselves, and spoil no batch twice.
   */
  apart: Map<string, number>
}

const APART_SECONDS = 600

const isApart = ({ apart }: Desk, { key, wish }: Waiting): boolean =>
  wish.at - (apart.get(key) ?? -Infinity) < APART_SECONDS

/**
 * Settles every wish, and never rejects. A batch that asks for something bad is halved, so that one bad release holds only
 * itself; one that is too much for Prometheus now is not, because its halves would be more: it says so by `true`.
 */
async function fulfil(desk: Desk, waiting: Waiting[]): Promise<boolean> {
  const [first] = waiting
  if (!first) return false
  try {
    const series = await query(desk.client, waiting)
    if (first.wish.reporter === undefined) desk.learn(series)
    for (const one of waiting) deliver(desk, one, series)
    return false
  } catch (error) {
    const failure = error instanceof AskError ? error : new AskError(String(error), 'address')
    if (failure.scope !== 'question' || waiting.length === 1) {
      for (const one of waiting) refuse(desk, one, failure)
      return failure.scope === 'moment'
    }
    const middle = Math.ceil(waiting.length / 2)
    const halves = await Promise.all([fulfil(desk, waiting.slice(0, middle)), fulfil(desk, waiting.slice(middle))])
    return halves.includes(true)
  }
}

function query(client: Client, waiting: Waiting[]): Promise<Series[]> {
  const wishes = waiting.map(({ wish }) => wish)
  const at = Math.max(...wishes.map((wish) => wish.at))
  const from = Math.min(...wishes.map((wish) => wish.from))
  const timeoutMs = Math.max(...wishes.map((wish) => wish.timeoutMs))
  return client.series({ query: rawSamples(wishes, at - from), at, timeoutMs })
}

function deliver(desk: Desk, waiting: Waiting, series: Series[]): void {
  const { wish, key, resolve } = waiting
  const services = new Set(wish.services.map((service) => `${wish.namespace}/${service}`))
  const own = series.filter((one) => services.has(serviceOf(one)))
  if (own.length > MOST_SERIES) {
    refuse(desk, waiting, new TooManySeries(own.length))
    return
  }
  desk.apart.delete(key)
  resolve(own)
}

function refuse({ apart }: Desk, { key, wish, reject }: Waiting, failure: AskError): void {
  if (failure.scope === 'question') {
    for (const [old, failedAt] of apart) if (wish.at - failedAt >= APART_SECONDS) apart.delete(old)
    apart.set(key, wish.at)
  }
  reject(failure)
}

const keyOf = ({ namespace, services, boundaries, reporter }: Wish): string =>
  [reporter ?? 'source', namespace, ...services, ...boundaries].join(' ')
