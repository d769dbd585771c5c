import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openCommandLine, type CommandLine } from '../stage/command-line.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage } from '../stage/stage.ts'

const access = inject('access')
const NAME = 'command-line'
let line: CommandLine

beforeAll(async () => {
  line = await openCommandLine(access, NAME)
})
afterAll(() => line[Symbol.asyncDispose]())

const sluice: CommandLine['sluice'] = (...words) => line.sluice(...words)

test('people see and decide from the command line, with their own rights alone', async () => {
  await using stage = await openStage({ access, name: NAME })
  const steps = [{ setWeight: 20 }, { approve: { name: 'go' } }, { setWeight: 60 }, { approve: { name: 'wide' } }]
  const stable = await stage.install({ version: '1.4.0', steps, spec: { scaleDownDelay: '5m' } })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')

  expect((await sluice('bob', 'get')).out).toMatch(/^checkout +AwaitingApproval +2\/4 +20 %/m)
  expect((await sluice('bob', 'list', '-o', 'json')).out).toContain('"kind": "Rollout"')
  expect((await sluice('bob', 'status', 'checkout')).out).toContain('▶ approve go')
  expect(await sluice('bob', 'watch', 'checkout', '--timeout', '1s')).toMatchObject({ code: 2 })
  // A key that is pressed twice does not wait long: on a busy machine it is pressed again.
  await expect
    .poll(async () => (await sluice('bob', '__complete', 'status', '-n', NAME, 'ch')).out)
    .toBe('checkout\tAwaitingApproval\n:4\n')
  expect((await sluice('bob', 'version')).out).toContain('sluice.dev/v1alpha1')
  expect((await sluice('bob', 'ui')).code).toBe(1)
  expect((await sluice('bob', 'status', 'chekout')).complaints).toContain('did you mean checkout?')
  expect(await sluice('bob', 'approve', 'checkout')).toMatchObject({
    code: 1,
    complaints: expect.stringContaining('User "bob" cannot create resource "decisions"') as string,
  })
  expect(await sluice('alice', 'promote', 'checkout')).toMatchObject({
    code: 1,
    complaints: expect.stringContaining(
      `alice may not promote rollout checkout in ${NAME}. To promote here takes a right that the role`,
    ) as string,
  })

  const following = sluice('bob', 'status', 'checkout', '--watch', '--timeout', '3m')
  expect(await sluice('alice', 'approve', 'checkout', '--reason', 'fine')).toMatchObject({ code: 0 })
  await stage.until('60 % is set', ({ rollout }) => rollout?.status?.weight === 60)
  expect(await sluice('ada', 'pause', 'checkout')).toMatchObject({ code: 0 })
  expect(await sluice('ada', 'resume', 'checkout')).toMatchObject({ code: 0 })
  expect(await sluice('ada', 'logs', 'checkout', '--canary')).toMatchObject({ code: 0 })
  expect(await sluice('ada', 'promote', 'checkout')).toMatchObject({ code: 0 })
  expect((await following).code).toBe(0)

  expect((await sluice('bob', 'history', 'checkout')).out).toMatch(/^ *2 .* Promoted .*approve alice/m)
  expect((await sluice('bob', 'history', 'checkout', '--release', '2', '--against', '1')).out).toContain('- "shop')
  // Nothing was measured here; test/e2e/explain has the evidence.
  expect(await sluice('bob', 'explain', 'checkout')).toMatchObject({ code: 1, out: '' })
  expect(await sluice('ada', 'rollback', 'checkout')).toMatchObject({ code: 0 })
  await stage.until('1.4.0 serves again', ({ rollout }) => rollout?.status?.stable === stable)
})

test('an abort ends the watch with exit code 1, and retry begins again', async () => {
  await using stage = await openStage({ access, name: `${NAME}-back` })
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
  const there = ['checkout', '-n', `${NAME}-back`] as const
  const following = sluice('bob', 'watch', ...there)
  expect((await sluice('alice', 'abort', ...there, '--reason', 'the phones ring')).code).toBe(0)
  expect((await following).code).toBe(1)
  expect((await sluice('ada', 'retry', ...there)).code).toBe(0)
  await stage.until('it waits again', (sight) => phaseOf(sight) === 'AwaitingApproval')
  expect(await sluice('ada', 'rollback', ...there, '--direct')).toMatchObject({ code: 0 })
  await stage.until('it is taken back', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
})

test('manifests are looked at without a cluster', async () => {
  expect((await sluice('bob', 'lint', '-f', 'deploy/examples')).code).toBe(0)
  expect((await sluice('bob', 'plan', '-f', 'deploy/examples/blue-green.yaml')).code).toBe(0)
  await writeFile(
    join(line.place, 'wrong.yaml'),
    'apiVersion: sluice.dev/v1alpha1\nkind: Rollout\nspec: { replcas: 1 }\n',
  )
  const { code, out } = await sluice('bob', 'lint', '-f', join(line.place, 'wrong.yaml'))
  expect(code).toBe(1)
  expect(out).toMatch(/wrong\.yaml:3:9: spec\.replcas: unknown field; did you mean replicas\?/)
})
