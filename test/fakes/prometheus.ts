import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Labels (with `__name__`) and samples `[time, value, arrival?]`, epoch seconds; a sample cannot be asked for before it has arrived. */
export type FakeSeries = { labels: Record<string, string>; samples: FakeSample[] }
export type FakeSample = [time: number, value: number | 'NaN', arrival?: number]

export type FakePrometheus = AsyncDisposable & {
  url: string
  series: FakeSeries[]
  /** Its own clock, epoch seconds. */
  now: () => number
  /** Queries in the order in which they came, without those for the time. */
  queries: string[]
  requests: { url: string; headers: IncomingMessage['headers'] }[]
  /** Takes the answer over; false leaves it to the fake. */
  answer: (query: string, response: ServerResponse) => boolean
  /** Windows include their older edge, as Prometheus 2 has them; Prometheus 3 leaves it out. */
  hasClosedWindows: boolean
  /** No answer is under way. */
  isIdle: () => boolean
}

/** Answers instant queries over selectors with a window, at steps or not, `group by (le) (last_over_time(…))` and `time()`. Nothing else. */
export async function fakePrometheus(): Promise<FakePrometheus> {
  let underWay = 0
  const server = createServer((request, response) => {
    underWay += 1
    response.once('close', () => (underWay -= 1))
    void bodyOf(request).then((body) => serve(fake, request, body, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakePrometheus = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    series: [],
    now: () => Date.now() / 1_000,
    queries: [],
    requests: [],
    answer: () => false,
    hasClosedWindows: false,
    isIdle: () => underWay === 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

function serve(fake: FakePrometheus, request: IncomingMessage, body: string, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', fake.url)
  const parameters = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams
  const query = parameters.get('query') ?? ''
  if (query !== 'time()') {
    fake.queries.push(query)
    fake.requests.push({ url: request.url ?? '', headers: request.headers })
  }
  if (fake.answer(query, response)) return
  const time = parameters.get('time')
  const at = time === null ? fake.now() : Number(time)
  const data =
    query === 'time()'
      ? { resultType: 'scalar', result: [at, `${at}`] }
      : query.startsWith('group by (le)')
        ? { resultType: 'vector', result: boundariesOf(fake, query, at) }
        : { resultType: 'matrix', result: select(fake, query, at) }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ status: 'success', data }))
}

function boundariesOf(fake: FakePrometheus, query: string, at: number): object[] {
  const selector = query.slice(query.lastIndexOf('(') + 1, query.indexOf(')', query.lastIndexOf('(')))
  const boundaries = new Set(select(fake, selector, at).map(({ metric }) => metric.le))
  return [...boundaries].map((le) => ({ metric: { le }, value: [at, '1'] }))
}

const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60 }

/** Samples in (at − window, at]. */
function select(
  fake: FakePrometheus,
  query: string,
  at: number,
): { metric: Record<string, string>; values: [number, string][] }[] {
  const [, name, inner, width, unit, step] = /^(\w*)\{(.*)\}\[(\d+)(ms|s|m)(?::(\d+)s)?\]$/.exec(query) ?? []
  if (inner === undefined) throw new Error(`the fake cannot answer ${query}`)
  const matchers = [...inner.matchAll(/(\w+)(=~|=)"((?:[^"\\]|\\.)*)"/g)].map(([, label = '', operator, text = '']) => {
    const value = text.replaceAll('\\\\', '\\')
    return operator === '=' ? { label, test: (own: string) => own === value } : { label, test: matching(value) }
  })
  if (name) matchers.push({ label: '__name__', test: (own) => own === name })
  const from = at - Number(width) * (UNITS[unit ?? 's'] ?? 1)
  return fake.series
    .filter(({ labels }) => matchers.every(({ label, test }) => test(labels[label] ?? '')))
    .map(({ labels, samples }) => ({
      metric: labels,
      values: (step === undefined ? within(samples, fake.now()) : shownEvery(samples, Number(step), fake.now()))
        .filter(([time]) => (time > from || (fake.hasClosedWindows && time === from)) && time <= at)
        .map(([time, value]): [number, string] => [time, `${value}`]),
    }))
    .filter(({ values }) => values.length > 0)
}

const within = (samples: FakeSample[], now: number): FakeSample[] =>
  samples.filter(([time, , arrival = time]) => arrival <= now)

const LOOKBACK = 300

/** The newest sample at every edge of a step, as long as it is not too old. */
function shownEvery(samples: FakeSample[], step: number, now: number): FakeSample[] {
  const known = within(samples, now)
  const [first, last] = [known[0]?.[0] ?? 0, (known.at(-1)?.[0] ?? -1) + LOOKBACK]
  const edges = Array.from({ length: Math.max(0, Math.floor(last / step) - Math.ceil(first / step) + 1) }, (_, i) => {
    return (Math.ceil(first / step) + i) * step
  })
  return edges.flatMap((edge): FakeSample[] => {
    const newest = known.findLast(([time]) => time <= edge)
    return newest && newest[0] > edge - LOOKBACK ? [[edge, newest[1]]] : []
  })
}

const matching = (pattern: string): ((own: string) => boolean) => {
  const expression = new RegExp(`^(?:${pattern})$`)
  return (own) => expression.test(own)
}
