import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CONFIG_MAPS, SECRETS, SOURCES } from '../../crds/resources.ts'
import { placeOf } from '../fakes/api-server.ts'
import { createReach } from '../../network/reach.ts'
import { eventually } from '../patience.ts'
import { startGitServer, type GitServer } from './git-server.ts'
import { configMap, NAMESPACE, openStage, sourceOf, type Stage } from './stage.ts'

const PASSWORD = 'p@ss:w/ord-7f3a'

const secret = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'git', namespace: NAMESPACE },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
})

/** The stage's repository behind HTTPS, and a Source that asks there. */
async function behindHttps(stage: Stage, data: (server: GitServer) => Record<string, string>): Promise<GitServer> {
  const server = await startGitServer(stage.repository.directory, PASSWORD)
  onTestFinished(() => server[Symbol.asyncDispose]())
  stage.server.put(SECRETS, secret(data(server)))
  stage.server.put(SOURCES, sourceOf('git', { url: server.url('shop.git'), secretRef: { name: 'git' } }))
  return server
}

const known = ({ certificate }: GitServer) => ({ username: 'reader', password: PASSWORD, 'ca.crt': certificate })

/** Everything that anybody but git was told. */
const told = ({ server, lines }: Stage): string =>
  JSON.stringify([
    lines,
    server.store.list(placeOf(SOURCES)),
    server.store.list({ collection: 'events.k8s.io/v1/events' }),
  ])

it('fetches over HTTPS with a password and a certificate from a Secret, and tells nobody', async () => {
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true } })
  await stage.until('Suspended')
  await behindHttps(stage, known)
  const { status } = await stage.until('Applied')
  expect(status?.commit).toBe(stage.repository.first)
  await stage.until('Applied', stage.repository.push({ 'a.yaml': configMap('one', '2') }))
  expect(told(stage)).not.toContain(PASSWORD)
  expect(told(stage)).not.toContain(encodeURIComponent(PASSWORD))
})

it.each([
  [
    'a wrong password',
    { password: 'wrong-secret-1' },
    'FetchFailed',
    /Authentication failed for 'https:\/\/localhost:\d+\/shop.git\/'/,
  ],
  ['no password', { password: '' }, 'SecretUnusable', /Secret git has no password/],
  ['an unknown certificate', { 'ca.crt': '' }, 'FetchFailed', /certificate/],
])('says in the words of the server what is wrong: %s', async (_, change, reason, words) => {
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true } })
  await stage.until('Suspended')
  await behindHttps(stage, (server) =>
    Object.fromEntries(Object.entries({ ...known(server), ...change }).filter(([, value]) => value !== '')),
  )
  await stage.until(reason)
  expect(stage.message()).toMatch(words)
  expect(told(stage)).not.toContain('wrong-secret-1')
})

it.each([[500], ['reset' as const]])(
  'keeps what is applied while the remote is dead (%s), and goes on when it is back',
  async (trouble) => {
    const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true } })
    await stage.until('Suspended')
    const remote = await behindHttps(stage, known)
    await stage.until('Applied')
    remote.trouble(trouble)
    const commit = stage.repository.push({ 'b.yaml': configMap('two') })
    const { status } = await stage.until('FetchFailed')
    expect(status).toMatchObject({ commit: stage.repository.first, message: 'The first' })
    expect(stage.names(CONFIG_MAPS)).toEqual(['one'])
    remote.trouble(undefined)
    await stage.until('Applied', commit)
  },
)

it('follows a branch that was rewritten, keeps what is applied when it is deleted, and goes on when it is back', async () => {
  const { repository, until, message, names } = await openStage({ files: { 'a.yaml': configMap('one') } })
  await until('Applied')
  repository.push({ 'b.yaml': configMap('two') })
  repository.git('reset', '--quiet', '--hard', repository.first)
  const rewritten = repository.push({ 'c.yaml': configMap('three') }, 'Another story', '--force')
  await until('Applied', rewritten)
  expect(names(CONFIG_MAPS)).toEqual(['one', 'three'])
  repository.allowDeletion()
  repository.git('push', '--quiet', 'origin', ':main')
  await until('FetchFailed')
  expect(message()).toContain("couldn't find remote ref refs/heads/main")
  expect(names(CONFIG_MAPS)).toEqual(['one', 'three'])
  await until('Applied', repository.push({}, 'Back'))
})

it('refuses a repository that is too large, and keeps what is applied', async () => {
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, repositoryBytes: 200_000 })
  await stage.until('Applied')
  const noise = Array.from({ length: 30_000 }, () => Math.random().toString(36)).join('\n')
  stage.repository.push({ 'noise.txt': noise })
  await stage.until('FetchFailed')
  expect(stage.message()).toContain('the repository has more than 0.2 MiB')
  await stage.until('Applied', stage.repository.push({ 'noise.txt': null }))
})

it('fetches over ssh with a key and known hosts from a Secret, in files that only it can read', async () => {
  const reach = createReach({ refuses: 'local', find: async () => [{ address: '192.0.2.7', family: 4 }] })
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true }, reach })
  await stage.until('Suspended')
  const notes = withSsh(stage.repository.directory)
  const url = `ssh://git@git.example:2222${stage.repository.remote}`
  stage.server.put(SECRETS, secret({ 'ssh-privatekey': 'a private key' }))
  stage.server.put(SOURCES, sourceOf('git', { url, secretRef: { name: 'git' } }))
  await stage.until('SecretUnusable')
  expect(stage.message()).toBe('Secret git has no known_hosts')
  stage.server.put(SECRETS, secret({ 'ssh-privatekey': 'a private key', known_hosts: 'git.example ssh-ed25519 AAAA' }))
  await stage.until('Applied')
  const { args, key, hosts, mode } = notes()
  expect(args).toContain('git@git.example')
  expect(args.join(' ')).toMatch(/-F none .*StrictHostKeyChecking=yes .*BatchMode=yes.* -p 2222/)
  expect(args.join(' ')).toContain('-o HostName=192.0.2.7 -o HostKeyAlias=[git.example]:2222')
  expect({ key, hosts, mode }).toEqual({ key: 'a private key\n', hosts: 'git.example ssh-ed25519 AAAA', mode: '600' })
  expect(args.join(' ') + told(stage)).not.toContain('a private key')
})

/** In place of ssh: notes how it was called and runs the command here. */
function withSsh(directory: string) {
  const [bin, note] = [join(directory, 'bin'), join(directory, 'note.json')]
  mkdirSync(bin)
  const script = `#!${process.execPath}
    const { readFileSync, statSync, writeFileSync } = require('node:fs')
    const args = process.argv.slice(2)
    const after = (word) => args[args.indexOf(word) + 1]
    const file = /UserKnownHostsFile=(\\S+)/.exec(args.join(' '))[1]
    writeFileSync(${JSON.stringify(note)}, JSON.stringify({ args, key: readFileSync(after('-i'), 'utf8'), hosts: readFileSync(file, 'utf8'), mode: (statSync(after('-i')).mode & 0o777).toString(8) }))
    require('node:child_process').spawnSync('sh', ['-c', args.at(-1)], { stdio: 'inherit' })`
  writeFileSync(join(bin, 'ssh'), script, { mode: 0o755 })
  const before = process.env.PATH
  process.env.PATH = `${bin}:${before}`
  onTestFinished(() => void (process.env.PATH = before))
  return () => JSON.parse(readFileSync(note, 'utf8')) as { args: string[]; key: string; hosts: string; mode: string }
}

it('asks nobody on the machine of the engine, whatever name leads there', async () => {
  const reach = createReach({ refuses: 'local' })
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true }, reach })
  await stage.until('Suspended')
  const remote = await behindHttps(stage, known)
  await stage.until('FetchFailed')
  expect(stage.message()).toMatch(/spec.url leads to \S+ \(loopback\), .* --allow-local-targets true/)
  stage.server.put(SECRETS, secret({ 'ssh-privatekey': 'a private key', known_hosts: 'localhost ssh-ed25519 AAAA' }))
  const url = 'ssh://git@169.254.169.254:22/shop.git'
  stage.server.put(SOURCES, sourceOf('git', { url, secretRef: { name: 'git' } }))
  await eventually(() => expect(stage.message()).toContain('spec.url leads to 169.254.169.254 (link-local)'))
  expect(remote.requests()).toBe(0)
})

it('calls the address that was looked at, whatever the name says a moment later', async () => {
  const find = async () => [{ address: '127.0.0.1', family: 4 }]
  const reach = createReach({ refuses: 'nothing', find })
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true }, reach })
  await stage.until('Suspended')
  const remote = await startGitServer(stage.repository.directory, PASSWORD, 'git.example')
  onTestFinished(() => remote[Symbol.asyncDispose]())
  stage.server.put(SECRETS, secret(known(remote)))
  stage.server.put(SOURCES, sourceOf('git', { url: remote.url('shop.git'), secretRef: { name: 'git' } }))
  const { status } = await stage.until('Applied')
  expect(status?.commit).toBe(stage.repository.first)
})

it('follows no redirect', async () => {
  const stage = await openStage({ files: { 'a.yaml': configMap('one') }, spec: { suspend: true } })
  await stage.until('Suspended')
  const remote = await behindHttps(stage, known)
  remote.trouble(302)
  await stage.until('FetchFailed')
  expect(stage.message()).toContain('redirects are not followed, write the final address into spec.url')
})

it('begins anew where a killed process left a lock', async () => {
  const { repository, until, source } = await openStage({ files: { 'a.yaml': configMap('one') } })
  await until('Applied')
  const caches = readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-source-${process.pid}-`))
  const trees = caches.map((name) => join(tmpdir(), name, source().metadata.uid ?? '', 'tree', '.git'))
  const [tree = ''] = trees.filter((folder) => existsSync(folder))
  for (const lock of ['index.lock', 'shallow.lock']) writeFileSync(join(tree, lock), '')
  const commit = repository.push({ 'a.yaml': configMap('one', '2') })
  expect((await until('Applied', commit)).status?.commit).toBe(commit)
})

it('reads no repository of its machine but where it may', async () => {
  const { server, until, message, repository } = await openStage({ files: { 'a.yaml': configMap('one') } })
  await until('Applied')
  server.put(SOURCES, sourceOf('git', { url: `file://${process.cwd()}` }))
  await until('FetchFailed')
  expect(message()).toContain('the engine may not read it; --source-files names the folder it may read')
  server.put(SOURCES, sourceOf('git', { url: `file://${repository.directory}/../` }))
  await until('FetchFailed')
})

it('applies many Sources side by side, and leaves nothing behind', async () => {
  const files = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`s${at}/a.yaml`, configMap(`c${at}`)]))
  const { server, until, repository, sources } = await openStage({ files, spec: { path: 's0' } })
  for (let at = 1; at < 8; at += 1) server.put(SOURCES, sourceOf(`s${at}`, { url: repository.url, path: `s${at}` }))
  await until('Applied')
  for (let at = 1; at < 8; at += 1) await until('Applied', undefined, `s${at}`)
  expect(server.store.list(placeOf(CONFIG_MAPS))).toHaveLength(8)
  await sources.stop()
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`sluice-source-${process.pid}-`))).toEqual([])
})

it('does not follow a link out of the repository', async () => {
  const { repository, until, message } = await openStage({ files: { 'a.yaml': configMap('one') } })
  await until('Applied')
  symlinkSync('/etc/passwd', join(repository.directory, 'shop', 'p.yaml'))
  await until('BuildFailed', repository.push({}))
  expect(message()).toContain('p.yaml: this is a symbolic link; they are not followed')
})
