import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Summary } from '../../analysis/backtest/index.ts'
import { validManifest } from '../fixtures/manifests.ts'
import { pastOf } from '../analysis/backtest/past.ts'
import { fakePrometheus } from '../fakes/prometheus.ts'
import { folder, sluice } from './typed.ts'

/** A folder with a manifest and the past of its service; gone after the test. */
function desk(changes: Record<string, unknown> = {}, lines = csvOf(pastOf(3_000))) {
  const place = folder()
  writeFileSync(place('rollout.yaml'), `# before it\nkind: Service\n---\n${stringify(manifest(changes))}`)
  writeFileSync(place('minutes.csv'), lines.join('\n'))
  return {
    place,
    backtest: (...args: string[]) =>
      sluice('backtest', '-f', place('rollout.yaml'), '--from-csv', place('minutes.csv'), ...args),
  }
}

function manifest(changes: Record<string, unknown>): object {
  const { spec, ...rest } = validManifest() as { spec: Record<string, unknown> }
  const { slo: _, enforceSlo: __, ...analysis } = spec.analysis as Record<string, unknown>
  const metrics = [{ name: 'errors', requests: {} }]
  return { ...rest, spec: { ...spec, analysis: { ...analysis, interval: '15s', metrics }, ...changes } }
}

function csvOf({ moments, from, step }: ReturnType<typeof pastOf>): string[] {
  const line = (
    at: number,
    { n, x, classes: [, slow = 0, slower = 0, slowest = 0] }: NonNullable<(typeof moments)[number]>,
  ): string => [from + at * step, n, x, slow + slower + slowest, slower + slowest].join(',')
  return [
    'time,requests,bad,slower_100,slower_250',
    ...moments.flatMap((moment, i) => (moment ? [line(i, moment)] : [])),
  ]
}

type Json = { results: (Summary & { rule: string; harm: { label: string } })[] }

describe('sluice backtest', () => {
  it('tells per level of harm how often, how soon and how dear, with intervals, and how far it is', async () => {
    const { backtest } = desk()
    const { code, out, complaints } = await backtest('--replays', '40')
    expect(code).toBe(0)
    expect(out.replace(/\s+/g, ' ')).toMatch(
      /^checkout: 40 replays per line in 24h of .*minutes\.csv, [\d ]+ requests, 0\.2 % failed \(seed 1\)\. /,
    )
    expect(out).toMatch(
      /^sluice +identical +0\.0 % \(0\.0–8\.8\) +– +\d+ +\d+ \(\d+–\d+\) +100\.0 % \(91\.2–100\.0\) +\d+m/m,
    )
    expect(out).toMatch(/^sluice +100 % +100\.0 % \(91\.2–100\.0\) +15s \(15s–15s\) /m)
    expect(out.match(/^sluice /gm)).toHaveLength(5)
    expect(complaints).toMatch(/^replaying: 10 %\n[^]*replaying: 100 %\n$/)
  })

  it('gives the same figures with one thread and with two, as JSON too', async () => {
    const { backtest } = desk()
    const [one, two] = await Promise.all(
      ['1', '2'].map((threads) => backtest('--replays', '30', '--json', '--threads', threads)),
    )
    expect(one?.out).toBe(two?.out)
    const { results } = JSON.parse(one?.out ?? '') as Json
    expect(results.map(({ harm }) => harm.label)).toEqual(['identical', '2×', '5×', '10×', '100 %'])
    expect(results[0]?.rolledBack).toEqual({
      count: 0,
      of: 30,
      share: 0,
      lower: 0,
      upper: expect.closeTo(0.1135, 3) as number,
    })
  })

  it('replays the rules of other tools beside, and draws all of them', async () => {
    const { backtest, place } = desk()
    const { out } = await backtest(
      '--replays',
      '10',
      '--compare',
      'flagger,argo,kayenta',
      '--harm',
      '0,20%',
      '--svg',
      place('out.svg'),
    )
    expect([...out.matchAll(/^(sluice|flagger|argo|kayenta) +(identical|20 %)/gm)]).toHaveLength(8)
    const picture = readFileSync(place('out.svg'), 'utf8')
    for (const words of ['Rolled back', 'Time to the rollback', 'kayenta', 'identical', '20 %'])
      expect(picture).toContain(words)
    expect(picture).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('harms the latency where that is watched, at the next boundary there is', async () => {
    const metrics = [{ name: 'latency', latency: { slowerThan: '200ms' } }]
    const { backtest } = desk({ analysis: { prometheus: { address: 'http://prometheus' }, metrics } })
    const { out, code } = await backtest('--replays', '10', '--harm', '0,10x')
    expect(code).toBe(0)
    expect(out.replace(/\s+/g, ' ')).toContain('% slower than 250 ms')
    expect(out).toMatch(/^sluice +10× +100\.0 %/m)
  })

  it('says what a table lacks for a metric that is watched', async () => {
    const metrics = [{ name: 'latency', latency: { slowerThan: '2s' } }]
    const { backtest } = desk({ analysis: { prometheus: { address: 'http://prometheus' }, metrics } })
    const { code, complaints } = await backtest()
    expect(code).toBe(1)
    expect(complaints).toContain('give it a column slower_2000, or take the metric out')
  })

  it('harms by shares where nothing was ever bad', async () => {
    const { out } = await desk({}, csvOf(pastOf(3_000, 0))).backtest('--replays', '5')
    expect([...out.matchAll(/^sluice +(identical|[\d.]+ %)/gm)].map(([, label]) => label)).toEqual([
      'identical',
      '0.1 %',
      '1 %',
      '10 %',
      '100 %',
    ])
  })

  it.each([
    [['--compare', 'spinnaker'], '--compare does not know "spinnaker"; it knows flagger, argo, kayenta'],
    [['--harm', 'much'], '--harm does not know "much"; write for example 0,2x,10x,1%,100%'],
    [['--metric', 'cart'], 'there is no metric cart that can be harmed; there are errors'],
    [['--prometheus', 'http://prometheus'], '--prometheus and --from-csv exclude each other; keep one'],
    [['--replays', '0'], 'Write a number from 1 on.'],
  ])('refuses %j and says what to write', async (args, complaint) => {
    const { code, complaints } = await desk().backtest(...args)
    expect(code).toBe(1)
    expect(complaints).toContain(complaint)
  })

  it.each([
    [['time;requests'], 'bad is missing'],
    [['time,requests,bad', '60,10,1'], 'has to have at least two rows'],
    [['time,requests,bad', '60,10,1', 'noon,10,1'], 'line 3: "noon" is no time'],
    [['time,requests,bad', '60,10,1', '', '120,10,11'], 'line 4: 11 bad of 10 requests'],
    [['time,requests,bad', '60,10,1', '120,1.5,0'], 'line 3: requests has to be a whole number from 0 on, not "1.5"'],
    [
      ['time,requests,bad', '60,10,1', '120,10,1', '150,10,1', '195,10,1'],
      'line 5: times have to rise by multiples of 30 seconds',
    ],
    [['time,requests,bad', '60,0,0', '120,0,0'], 'had no request in this time'],
  ])('names file and line of a bad table: %j', async (lines, complaint) => {
    const { code, complaints } = await desk({}, lines).backtest()
    expect(code).toBe(1)
    expect(complaints).toContain(complaint)
  })

  it.each([
    [
      { analysis: undefined, strategy: { canary: { steps: [{ setWeight: 5 }] } } },
      'has no spec.analysis: there is no policy',
    ],
    [{ strategy: { canary: { steps: [{ setWeight: 500 }] } } }, 'spec.strategy.canary.steps[0].setWeight'],
  ])('names the field of a manifest that cannot be replayed', async (changes, complaint) => {
    const { code, complaints } = await desk(changes).backtest()
    expect(code).toBe(1)
    expect(complaints).toContain(complaint)
  })

  it('signs in to Prometheus with what files hold, and repeats its refusal', async () => {
    await using prometheus = await fakePrometheus()
    prometheus.answer = (_, response) => {
      response.writeHead(401).end('who are you?')
      return true
    }
    const { place } = desk()
    writeFileSync(place('token'), 'secret\n')
    const args = ['-f', place('rollout.yaml'), '--prometheus', prometheus.url]
    const { code, complaints } = await sluice(
      'backtest',
      ...args,
      '--bearer-token-file',
      place('token'),
      '--header',
      'X-Scope-OrgID: shop',
    )
    expect(code).toBe(1)
    expect(complaints).toContain(`error: ${prometheus.url}: Prometheus refuses the credentials (401)`)
    expect(complaints).not.toContain('secret')
    expect(prometheus.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-scope-orgid': 'shop' })
    const half = await sluice('backtest', ...args, '--basic-user', 'ada')
    expect(half.complaints).toContain('--basic-user and --basic-password-file belong together')
  })
})
