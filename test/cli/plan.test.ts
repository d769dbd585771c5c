import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { accepted, refusals, validManifest } from '../fixtures/manifests.ts'
import { folder, sluice } from './typed.ts'

const EXAMPLES = new URL('../../deploy/examples/', import.meta.url)

const GUIDES = ['README.md', 'docs/strategies.md']
/** What the guides have to say after `sluice`. */
const COMMANDS = GUIDES.flatMap((guide) =>
  [...readFileSync(guide, 'utf8').matchAll(/^npm run -s sluice -- (plan .*?)( +#.*)?$/gm)].map(
    ([, command]) => command!,
  ),
)

type Said = { code: number; out: string; complaints: string }

/** Plans these manifests from one file. */
function plan(manifests: object[], ...args: string[]): Promise<Said> {
  const place = folder()
  // Through JSON: a field that is undefined is one that nobody wrote.
  const documents = manifests.map((manifest) => stringify(JSON.parse(JSON.stringify(manifest))))
  writeFileSync(place('rollout.yaml'), documents.join('---\n'))
  return sluice('plan', '-f', place('rollout.yaml'), ...args)
}

function rollout(strategy: object, more: object = {}): object {
  const { spec, ...rest } = validManifest() as { spec: { analysis: object } }
  const analysis = { interval: '15s', prometheus: { address: 'http://prometheus:9090' }, metrics: [ERRORS] }
  return { ...rest, spec: { ...spec, analysis, bake: {}, strategy, ...more } }
}

const ERRORS = { name: 'errors', requests: {} }
const steps = (...list: object[]): object => ({ canary: { steps: list } })

type Planned = {
  name: string
  steps: { step: string; weight: number; pods: object; leastMs: number; waitsFor: string[]; failedIfAllFail?: number }[]
  leastMs: number
  mostPods: number
  failed: { atMost?: number; except: string[] }
}

async function planned(strategy: object, more: object = {}, ...args: string[]): Promise<Planned> {
  const { out, complaints } = await plan([rollout(strategy, more)], '-o', 'json', ...args)
  expect(complaints).toBe('')
  return (JSON.parse(out) as Planned[])[0]!
}

describe('sluice plan', () => {
  it('shows every step with weight, pods, time, and what it waits for', async () => {
    const { code, out } = await plan([validManifest()])
    expect(code).toBe(0)
    expect(out).toMatch(/^checkout: canary, 10 steps and the promotion\n/)
    expect(out).toMatch(/^ 2 +analyze 2m +5 % +3\+1 +2m +data$/m)
    expect(out).toMatch(/^ 5 +approve go-wide +25 % +3\+1 +a person \(approve within 72h\)$/m)
    expect(out).toMatch(/^ 9 +set weight 95 % +95 % +3\+3 /m)
    expect(out).toMatch(/^ +prepare +0 % +3\+1 +500ms +pods$/m)
    expect(out).toMatch(/^ +promote +100 % +3\+3/m)
    expect(out).toContain('Pods: 6 at most')
    expect(out).toMatch(/Duration: at least 17m\w+ by the clock, and what is waited for: pods, data, a person\./)
  })

  it('plans every Rollout that is accepted, and blames none of them', async () => {
    const { code, out, complaints } = await plan(accepted().map(({ manifest }) => manifest))
    expect(complaints).toBe('')
    expect(code).toBe(0)
    expect(out.match(/and the promotion$/gm)).toHaveLength(accepted().length)
  })

  it('refuses what the API server refuses, with file, line and field', async () => {
    const taken: string[] = []
    for (const { name, manifest } of refusals()) {
      const { code, complaints } = await plan([manifest])
      if (code !== 1 || !/rollout\.yaml:\d+:\d+: (spec|metadata)/.test(complaints)) taken.push(`${name}: ${complaints}`)
    }
    expect(taken).toEqual([])
  })

  it('says the sentence of the rule where a rule is broken', async () => {
    const falling = rollout(steps({ setWeight: 50 }, { setWeight: 10 }))
    const { code, out, complaints } = await plan([falling, rollout({ blueGreen: {} })])
    expect(code).toBe(1)
    expect(complaints).toMatch(
      /rollout\.yaml:\d+:\d+: spec\.strategy\.canary\.steps: setWeight must rise from step to step/,
    )
    expect(out).toContain('blue-green')
  })

  it('names a field that does not exist, and those that do', async () => {
    const { complaints } = await plan([rollout(steps({ setWieght: 5 }))])
    expect(complaints).toContain(
      'spec.strategy.canary.steps[0].setWieght: unknown field; did you mean setWeight? here may be setWeight, ',
    )
  })

  it('names the line of what is no YAML', async () => {
    const place = folder()
    writeFileSync(place('broken.yaml'), 'kind: Rollout\nspec: {\n')
    const { code, complaints } = await sluice('plan', '-f', place('broken.yaml'))
    expect(code).toBe(1)
    expect(complaints).toMatch(/broken\.yaml:\d+:\d+: this is no YAML/)
  })

  it('says so where there is no Rollout, or no file', async () => {
    const place = folder()
    writeFileSync(place('service.yaml'), 'kind: Service\n')
    expect(await sluice('plan', '-f', place('service.yaml'))).toMatchObject({
      code: 1,
      complaints: expect.stringContaining('there is no Rollout in') as string,
    })
    expect(await sluice('plan', '-f', place('nothing.yaml'))).toMatchObject({
      code: 1,
      complaints: expect.stringContaining('cannot read') as string,
    })
  })

  it('compiles blue-green and A/B tests to flat plans, too', async () => {
    const blueGreen = await planned({ blueGreen: { previewReplicas: 34, mirror: {}, approve: { name: 'switch' } } })
    expect(blueGreen.steps.map(({ step }) => step)).toEqual([
      'prepare',
      'scale to 34 %',
      'mirror 100 % for 1m',
      'approve switch',
      'scale to 100 %',
      'set weight 100 %',
      'promote',
    ])
    expect(blueGreen.steps[1]?.pods).toEqual({ stable: 3, canary: 2 })
    const test = await planned({ abTest: { split: 20, maxDuration: '24h' } })
    expect(test.steps[1]).toMatchObject({
      weight: 20,
      waitsFor: ['evidence (at most 24h)', 'a person (if undecided)'],
    })
  })

  it('says whose approvals a gate counts', async () => {
    const gate = { name: 'go', by: { groups: ['sre', 'approvers'], minimum: 2 }, notBy: 'author', expiresAfter: '24h' }
    const { steps } = await planned({ canary: { steps: [{ setWeight: 20 }, { approve: gate }] } })
    expect(steps.flatMap(({ waitsFor }) => waitsFor)).toContain(
      '2 people of sre or approvers, not its author (approve within 24h)',
    )
  })

  it('gives the same as YAML', async () => {
    const { out } = await plan([validManifest()], '-o', 'yaml')
    expect(out).toContain('- name: checkout\n')
    expect(out).toContain('kind: setWeight')
  })
})

describe('the examples', () => {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml'))

  it('are ten', () => {
    expect(files).toHaveLength(10)
  })

  it.each(files)('%s is planned as it stands', async (file) => {
    const { code, out, complaints } = await sluice('plan', '-f', new URL(file, EXAMPLES).pathname)
    expect(complaints).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/^checkout in shop: /)
  })
})

it.each(COMMANDS)('the guides say %s', async (command) => {
  const { code, out, complaints } = await sluice(...command.split(/ +/))
  expect(complaints).toBe('')
  expect(code).toBe(0)
  expect(out).not.toBe('')
})

describe('the time of a plan', () => {
  it('is at least what the clock says, in whole intervals', async () => {
    const { leastMs } = await planned(steps({ setWeight: 50 }, { analyze: { for: '40s' } }, { pause: { for: '5s' } }))
    const settles = 2
    expect(leastMs).toBe(45_000 + 5_000 + settles * 500)
  })

  it('is longer where few requests come', async () => {
    const { leastMs } = await planned(steps({ setWeight: 10 }, { analyze: { for: '15s' } }), {}, '--rate', '1')
    expect(leastMs).toBeGreaterThanOrEqual(500_000)
  })

  it('of a ramp begins at the rung that the budget bears', async () => {
    const ramp = { canary: { ramp: {} } }
    const [, quiet] = (await planned(ramp, {}, '--rate', '1')).steps
    const [, busy] = (await planned(ramp, {}, '--rate', '1000')).steps
    expect(quiet).toMatchObject({ firstWeight: 50 })
    expect(busy).toMatchObject({ firstWeight: 1 })
    expect(quiet?.leastMs).toBeLessThan(busy?.leastMs ?? 0)
  })
})

describe('the failed requests of a plan', () => {
  it('rise with the weight and with the traffic', async () => {
    const way = steps({ setWeight: 5 }, { setWeight: 50 })
    const [, few, many] = (await planned(way)).steps.map(({ failedIfAllFail }) => failedIfAllFail ?? 0)
    expect(many).toBeGreaterThan(few!)
    const [, busy] = (await planned(way, {}, '--rate', '1000')).steps
    expect(busy?.failedIfAllFail).toBeGreaterThan(few!)
  })

  it('of any version are the budget and what fails until the way back', async () => {
    const { failed } = await planned(steps({ setWeight: 10 }), {}, '--rate', '100', '--scrape', '5s')
    expect(failed.atMost).toBe(Math.ceil(50 + 10 * (2 * 5 + 15 + 3.75 + 10)))
  })

  it('have no bound where nothing counts them, and it says why', async () => {
    const none = await planned(steps({ setWeight: 10 }), { analysis: undefined })
    expect(none.failed.atMost).toBeUndefined()
    expect(none.failed.except[0]).toContain('add a metric with requests: {}')
    const { out } = await plan([rollout(steps({ setWeight: 10 }), { analysis: undefined })])
    expect(out).toContain('nothing counts them, so nothing bounds them')
  })

  it('of a cohort are named as not counted', async () => {
    const match = [{ headers: { 'x-beta': { exact: 'true' } } }]
    const { failed } = await planned(steps({ match }, { fault: { abort: 503 } }, { setWeight: 5 }))
    expect(failed.except.join()).toMatch(/cohort of a match.*cohort that a fault answers/)
  })
})
