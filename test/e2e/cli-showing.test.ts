import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { SERVICES } from '../../crds/resources.ts'
import { openCommandLine, type CommandLine } from '../stage/command-line.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')
const NAME = 'command-line-shows'
let line: CommandLine
let stage: Stage

/** A release that waits at a gate: nothing changes unless somebody says so. */
beforeAll(async () => {
  ;[line, stage] = await Promise.all([openCommandLine(access, NAME), openStage({ access, name: NAME })])
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate waits', (sight) => phaseOf(sight) === 'AwaitingApproval')
})
afterAll(() => Promise.all([line[Symbol.asyncDispose](), stage[Symbol.asyncDispose]()]))

const sluice: CommandLine['sluice'] = (...words) => line.sluice(...words)

test('what is piped is the same every time, parses, and has no colours', async () => {
  const [json, again, yaml] = await Promise.all([
    sluice('bob', 'get', 'checkout', '-o', 'json'),
    sluice('bob', 'get', 'checkout', '-o', 'json'),
    sluice('bob', 'get', 'checkout', '-o', 'yaml'),
  ])
  expect(json).toMatchObject({ code: 0, complaints: '' })
  expect(again.out).toBe(json.out)
  expect(parse(yaml.out)).toEqual(JSON.parse(json.out))
  expect(JSON.parse(json.out)).toMatchObject({ kind: 'Rollout', status: { gate: 'go', weight: 20 } })
  const list = parse((await sluice('bob', 'history', 'checkout', '-o', 'yaml')).out) as object
  expect(list).toMatchObject({ kind: 'List', items: [{ spec: { number: 2 } }, { spec: { number: 1 } }] })
  expect(JSON.parse((await sluice('bob', 'version', '-o', 'json')).out)).toMatchObject({
    resources: expect.arrayContaining(['Rollout', 'Release', 'Decision']) as string[],
  })
  const status = await sluice('bob', 'status', 'checkout')
  expect(status).toMatchObject({ code: 0, complaints: '' })
  expect([status.out, json.out, yaml.out].join('')).not.toContain('\u001B')
})

test('lists are wide where that is asked for, and of all namespaces', async () => {
  const wide = (await sluice('bob', 'get', '-o', 'wide')).out
  expect(wide).toMatch(/^NAME +STATUS .* LAST +AGE +MESSAGE\n/)
  expect(wide).toMatch(/^checkout +AwaitingApproval .* 1 Promoted +\w+ +Gate go: waiting for an approval/m)
  expect((await sluice('bob', 'list', '-A')).out).toMatch(new RegExp(`^${NAME} +checkout +AwaitingApproval`, 'm'))
  expect((await sluice('bob', 'status', 'checkout', '-n', 'default')).complaints).toMatch(
    /there (is one in command-line-shows|are \d+ of that name elsewhere)/,
  )
})

test('a context is whom it names, and --as whom one may act as', async () => {
  const file = join(line.place, 'contexts')
  await writeFile(file, JSON.stringify(await joined(['bob', 'ada'])))
  const typed = (...words: string[]) => sluice('alice', ...words, '--kubeconfig', file, '--request-timeout', '20s')
  expect((await typed('get', '--context', 'ada')).out).toContain('AwaitingApproval')
  expect((await typed('pause', 'checkout', '--context', 'bob')).complaints).toContain('User "bob" cannot create')
  expect((await typed('pause', 'checkout', '--context', 'bo')).complaints).toContain('did you mean bob?')
  const acting = await sluice('admin', 'approve', 'checkout', '--as', 'bob')
  expect(acting.complaints).toContain('User "bob" cannot create')
  expect((await sluice('bob', 'get', '--as', 'ada')).complaints).toContain('cannot impersonate')
})

test('logs are followed until Ctrl-C', async () => {
  const following = line.begin('bob', 'logs', 'checkout', '--canary', '-f')
  await following.seen('checkout 1.5.0 listens on')
  expect(following.out()).toMatch(/^canary checkout-\S+ checkout \| checkout 1\.5\.0 listens on/m)
  following.interrupt()
  expect(await following.ended).toBe(130)
})

test('the page is where its Service says', async () => {
  const url = 'https://sluice.example/'
  await stage.kube.create(SERVICES, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'sluice-api',
      namespace: NAME,
      labels: { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/component': 'api' },
      annotations: { 'sluice.dev/url': url },
    },
    spec: { ports: [{ name: 'http', port: 80 }] },
  })
  expect(await sluice('bob', 'ui', '--engine-namespace', NAME)).toMatchObject({ code: 0, out: `${url}\n` })
})

test('a terminal is drawn over until the release ends, and a log gets a line per change', async () => {
  const screen = line.onScreen('bob', 'watch', 'checkout')
  const log = line.begin('bob', 'watch', 'checkout')
  await Promise.all([screen.seen('▶ approve go'), log.seen('AwaitingApproval · release 2 · step 2/2 · weight 20 %')])
  expect(await sluice('alice', 'reject', 'checkout', '--reason', 'too slow')).toMatchObject({
    code: 0,
    out: expect.stringContaining('alice') as string,
  })
  expect(await Promise.all([screen.ended, log.ended])).toEqual([1, 1])
  // oxlint-disable-next-line no-control-regex -- what a terminal goes by
  expect(screen.out()).toMatch(/\u001B\[\d+A\u001B\[0J/)
  expect(screen.out()).toContain('\u001B[31m✖ ')
  expect(log.out()).not.toContain('\u001B')
  expect(log.out()).toMatch(/^\d\d:\d\d:\d\d {2}✖ \w+ · release 2 .*too slow/m)
  await stage.until('it is taken back', (sight) => outcomeOf(sight, '1.5.0') === 'Aborted')
  expect(await sluice('bob', 'status', 'checkout')).toMatchObject({ code: 1 })
  expect((await sluice('bob', 'history', 'checkout', '--release', '2')).out).toMatch(
    /reject +go +alice +Applied +too slow/,
  )
})

type Kubeconfig = Record<'clusters' | 'users' | 'contexts', { name: string }[]> & { contexts: { context: object }[] }

/** One kubeconfig of several people's: a context of everybody, by name. */
async function joined(people: ('ada' | 'bob')[]): Promise<object> {
  const own = await Promise.all(
    people.map(async (name) => JSON.parse(await readFile(access.kubeconfigs[name], 'utf8')) as Kubeconfig),
  )
  return {
    ...own[0],
    users: own.map(({ users: [user] }, index) => ({ ...user, name: people[index] })),
    contexts: own.map(({ contexts: [one] }, index) => ({
      name: people[index],
      context: { ...one?.context, user: people[index] },
    })),
    'current-context': people[0],
  }
}
