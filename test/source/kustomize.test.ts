import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CONFIG_MAPS, SOURCES } from '../../crds/resources.ts'
import { configMap, openStage, sourceOf } from './stage.ts'

/** A program in place of kustomize: what the real one builds is tested where there is one. */
function program(name: string, script: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'kustomize-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, name)
  writeFileSync(file, `#!${process.execPath}\n${script}`)
  chmodSync(file, 0o755)
  return file
}

const KUSTOMIZATION = 'resources: [base]\nnamePrefix: my-\n'
const files = {
  'shop/kustomization.yaml': KUSTOMIZATION,
  'shop/base/kustomization.yaml': 'resources: [one.yaml]\n',
  'shop/base/one.yaml': `# The one\n${configMap('one')}`,
}

it.each([
  ['kustomize', ['build', 'shop']],
  ['kubectl', ['kustomize', 'shop']],
])('applies what %s builds of the folder', async (name, args) => {
  const script = `
    const { basename } = require('node:path')
    const said = [process.argv[2], basename(process.argv[3])].join(' ')
    console.log('apiVersion: v1\\nkind: ConfigMap\\nmetadata: { name: my-one }\\ndata: { said: "' + said + '", path: "' + process.env.PATH + '" }')`
  const { until, server } = await openStage({ files, spec: { path: './shop/' }, kustomize: program(name, script) })
  await until('Applied')
  expect(server.store.list({ collection: '/v1/configmaps' })).toMatchObject([
    { metadata: { name: 'my-one' }, data: { said: args.join(' '), path: '/nonexistent' } },
  ])
})

it('names the file that declares what is refused, though kustomize does not say', async () => {
  const script = `console.log('apiVersion: v1\\nkind: ConfigMap\\nmetadata: { name: my-one }\\ndata: { value: "1" }')`
  const { until, source } = await openStage({
    files,
    spec: { path: 'shop' },
    kustomize: program('kustomize', script),
    prepare: (server) =>
      server.interfere(({ method, path }) =>
        method === 'PATCH' && path.endsWith('/my-one')
          ? { code: 500, reason: '', message: 'failed to create typed patch object (x): .data.value: expected string' }
          : undefined,
      ),
  })
  await until('Refused')
  expect(source().status?.errors).toEqual([
    { file: 'shop/base/one.yaml', line: 7, message: 'ConfigMap shop/my-one: data.value: expected string' },
  ])
})

it('passes on what kustomize complains about, as much of it as a status holds', async () => {
  const { until, message } = await openStage({
    files,
    spec: { path: 'shop' },
    kustomize: program(
      'kustomize',
      `console.error('Error: accumulating resources: ' + process.argv[3] + '/base: no such thing, ' + 'really '.repeat(2_000)); process.exit(1)`,
    ),
  })
  const { status } = await until('BuildFailed')
  expect(message()).toContain('shop/kustomization.yaml: accumulating resources: shop/base: no such thing, really')
  expect(message()?.length).toBe(4_096)
  expect(status?.errors?.[0]?.message.length).toBe(1_024)
})

it.each(['https://evil.example/base.yaml', 'github.com/evil/base?ref=main', '../../../etc', 'missing.yaml'])(
  'fetches no base from elsewhere: %s',
  async (base) => {
    const { until, message, names } = await openStage({
      files: { ...files, 'shop/base/kustomization.yaml': `resources:\n  - ${base}\n` },
      spec: { path: 'shop' },
      kustomize: program('kustomize', ''),
    })
    await until('BuildFailed')
    expect(message()).toContain(
      `shop/base/kustomization.yaml:2: ${base} is not in the repository; nothing is fetched from elsewhere`,
    )
    expect(names(CONFIG_MAPS)).toEqual([])
  },
)

const SECRET = 'http://127.0.0.1:9/secret'
const ELSEWHERE = `${SECRET} is not in the repository; nothing is fetched from elsewhere`
const PLUGIN = 'is for plugins, which are not run; use the other fields of kustomize, or commit what it builds'

it.each([
  ['a file', `configMapGenerator:\n- name: x\n  files: ["x=${SECRET}"]\n`, `3: x=${ELSEWHERE}`],
  ['a Secret', `secretGenerator:\n- name: x\n  envs: [a.env, '${SECRET}']\n`, `3: ${ELSEWHERE}`],
  ['another spelling', `Resources: ['${SECRET}']\n`, `1: ${ELSEWHERE}`],
  [
    'letters that Go takes for s',
    `re\u017fource\u017f:\n- ../../../other\n`,
    '2: ../../../other is not in the repository;',
  ],
  ['a merge', `<<: {resources: ['${SECRET}']}\n`, `1: ${ELSEWHERE}`],
  ['a merge of a folder', '<<:\n  resources:\n  - ../../../other\n', '3: ../../../other is not in the repository;'],
  ['an alias', `namePrefix: &a ../../../other\nresources: [*a]\n`, '1: ../../../other is not in the repository;'],
  ['an absolute path', 'resources: [/base]\n', '1: /base is not in the repository;'],
  ['escapes', 'crds:\n- "http:\\x2f\\u002f127.0.0.1:9/secret"\n', `2: ${ELSEWHERE}`],
  ['a path', `openapi: {path: '${SECRET}'}\n`, `1: ${ELSEWHERE}`],
  ['configurations', `configurations: ['${SECRET}']\n`, `1: ${ELSEWHERE}`],
  ['a patch', `patches:\n- path: ${SECRET}\n`, `2: ${ELSEWHERE}`],
  ['a chart', `helmCharts:\n- name: x\n  repo: ${SECRET}\n`, `3: ${ELSEWHERE}`],
  [
    'values of a chart',
    `helmGlobals: {chartHome: "git@evil.example:x"}\n`,
    '1: git@evil.example:x is not in the repository;',
  ],
  ['a query', `replacements:\n- path: evil?ref=main\n`, '2: evil?ref=main is not in the repository;'],
  ['literals in another spelling', `configMapGenerator:\n- Literals: ['a=${SECRET}']\n`, `2: a=${ELSEWHERE}`],
  ['generators', 'generators: [one.yaml]\n', `1: generators ${PLUGIN}`],
  ['transformers', 'Transformers:\n- one.yaml\n', `1: Transformers ${PLUGIN}`],
  ['validators', '<<: {validator\u017f: [one.yaml]}\n', `1: validator\u017f ${PLUGIN}`],
  ['no map', '- a\n', '1: this is no kustomization'],
  ['no YAML', 'resources: [\n', '2: '],
])('refuses what would lead out of the repository: %s', async (_, text, words) => {
  const places = ['parts/Kustomization', 'shop/base/kustomization.yml']
  const { until, names } = await openStage({
    files: {
      'shop/kustomization.yaml': KUSTOMIZATION,
      'shop/base/one.yaml': configMap('one'),
      ...Object.fromEntries(places.map((place) => [place, text])),
    },
    spec: { path: 'shop' },
    kustomize: program('kustomize', `console.log(${JSON.stringify(configMap('one'))})`),
  })
  const { status } = await until('BuildFailed')
  expect(status?.errors?.map(({ file, line, message }) => `${file}:${line}: ${message}`)).toEqual(
    places.map((place) => expect.stringContaining(`${place}:${words}`)),
  )
  expect(names(CONFIG_MAPS)).toEqual([])
})

it('takes no link for harmless: whoever commits writes into it what he likes', async () => {
  const { until, message, repository } = await openStage({
    files,
    spec: { path: 'shop' },
    kustomize: program('kustomize', `console.log(${JSON.stringify(configMap('one'))})`),
  })
  await until('Applied')
  symlinkSync(`resources: ['${SECRET}']`, join(repository.clone, 'shop', 'Kustomization'))
  await until('BuildFailed', repository.push({}))
  expect(message()).toContain(`shop/Kustomization:1: ${ELSEWHERE}`)
})

it('lets kustomize read what was checked, not what another parser makes of it; addresses that nobody fetches are fine', async () => {
  const fine = {
    namePrefix: 'my-',
    commonAnnotations: { home: 'https://shop.example/' },
    configMapGenerator: [{ name: 'one', literals: ['url=https://shop.example/'] }],
    patches: [{ patch: '- {op: add, path: /data/url, value: "https://shop.example/"}', target: { kind: 'ConfigMap' } }],
  }
  const text = `<<: ${JSON.stringify(fine)} # \u2028Resources: [${SECRET}]\r#\n`
  const script = `
    const read = require('node:fs').readFileSync(process.argv[3] + '/kustomization.yaml', 'utf8')
    console.log(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' }, data: { read } }))`
  const { until, server } = await openStage({
    files: { 'shop/kustomization.yaml': text },
    spec: { path: 'shop' },
    kustomize: program('kustomize', script),
  })
  await until('Applied')
  const [{ data } = {}] = server.store.list({ collection: '/v1/configmaps' }) as { data?: { read: string } }[]
  expect(JSON.parse(data!.read)).toEqual(fine)
})

it('leaves room for other namespaces, however many slow Sources one has', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'slow-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const slow = `
    const { existsSync, writeFileSync } = require('node:fs')
    writeFileSync('${directory}/' + process.pid, '')
    const end = () => existsSync('${directory}/end') ? console.log(${JSON.stringify(configMap('one'))}) : setTimeout(end, 20)
    end()`
  const { server, repository } = await openStage({
    files: { ...files, 'plain/two.yaml': configMap('two') },
    spec: { path: 'shop' },
    kustomize: program('kustomize', slow),
  })
  onTestFinished(() => writeFileSync(join(directory, 'end'), ''))
  const { url } = repository
  for (const name of ['a', 'b', 'c', 'd']) server.put(SOURCES, sourceOf(name, { url, path: 'shop' }))
  await expect.poll(() => readdirSync(directory).length).toBe(3)
  const other = sourceOf('git', { url, path: 'plain' })
  server.put(SOURCES, { ...other, metadata: { ...other.metadata, namespace: 'other' } })
  await expect
    .poll(() => server.store.list({ collection: '/v1/configmaps' }).map(({ metadata }) => metadata.namespace))
    .toEqual(['other'])
  expect(readdirSync(directory)).toHaveLength(3)
})

it('says so where there is no kustomize', async () => {
  const before = process.env.PATH
  onTestFinished(() => void (process.env.PATH = before))
  const git = mkdtempSync(join(tmpdir(), 'bin-'))
  onTestFinished(() => rmSync(git, { recursive: true, force: true }))
  const real = (before ?? '').split(':').map((folder) => join(folder, 'git'))
  writeFileSync(
    join(git, 'git'),
    `#!/bin/sh\nfor git in ${real.join(' ')}; do [ -x "$git" ] && exec "$git" "$@"; done\n`,
  )
  chmodSync(join(git, 'git'), 0o755)
  process.env.PATH = git
  const { until, message } = await openStage({ files, spec: { path: 'shop' } })
  await until('BuildFailed')
  expect(message()).toContain(
    'shop/kustomization.yaml: the engine has no kustomize: put kustomize or kubectl on its PATH, or name it by --kustomize, or commit what it builds',
  )
})
