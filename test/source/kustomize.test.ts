import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { CONFIG_MAPS } from '../../crds/resources.ts'
import { configMap, openStage } from './stage.ts'

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
      `shop/base/kustomization.yaml: ${base} is not in the repository; nothing is fetched from elsewhere`,
    )
    expect(names(CONFIG_MAPS)).toEqual([])
  },
)

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
