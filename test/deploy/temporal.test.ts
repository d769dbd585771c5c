import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'

type Component = { configMapGenerator: { name: string; literals: string[] }[]; patches: { patch: string }[] }
type Patch = { path: string; value: { name: string; mountPath?: string; secret?: { secretName: string } } }[]

const CONFIG = readFileSync(new URL('../../config.ts', import.meta.url), 'utf8')

it.each([
  ['temporal-tls', 'sluice-temporal-tls', ['ca.crt', 'tls.crt', 'tls.key']],
  ['temporal-api-key', 'sluice-temporal-api-key', ['api-key']],
])('%s names files of its Secret, by settings that the engine has', (name, secretName, files) => {
  const folder = `/var/run/${name}`
  const file = new URL(`../../deploy/components/${name}/kustomization.yaml`, import.meta.url)
  const { configMapGenerator, patches } = parse(readFileSync(file, 'utf8')) as Component
  const settings = configMapGenerator.flatMap(({ literals }) => literals.map((literal) => literal.split('=')))
  expect(new Set(settings.map(([, path]) => path))).toEqual(new Set(files.map((one) => `${folder}/${one}`)))
  for (const [variable] of settings) expect(CONFIG).toContain(`'${variable}'`)
  const added = patches.flatMap(({ patch }) => parse(patch) as Patch).map(({ value }) => value)
  expect(added).toEqual([
    { name, secret: { secretName } },
    { name, mountPath: folder, readOnly: true },
  ])
})
