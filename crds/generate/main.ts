import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { guardManifests } from './guard.ts'
import { manifests } from './manifest.ts'

const folder = fileURLToPath(new URL('../../deploy/', import.meta.url))
const headerOf = (source: string): string => `# Generated from ${source} by \`npm run generate\`; do not edit.\n`

if (process.argv.includes('--check')) check()
else write()

function write(): void {
  mkdirSync(`${folder}crds`, { recursive: true })
  for (const [file, text] of rendered()) writeFileSync(`${folder}${file}`, text)
}

function check(): void {
  const stale = rendered().filter(([file, text]) => read(file) !== text)
  if (stale.length === 0) return
  const files = stale.map(([file]) => `deploy/${file}`).join(', ')
  console.error(`${files} differs from crds: run \`npm run generate\` and commit the result.`)
  process.exitCode = 1
}

function rendered(): [string, string][] {
  const crds = Object.entries(manifests())
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: crds.map(([file]) => file),
  }
  const kinds = [...crds, ['kustomization.yaml', kustomization] as const]
  const guard = guardManifests().map((object) => yaml(object))
  return [
    ...kinds.map(([file, object]): [string, string] => [`crds/${file}`, headerOf('crds/schema') + yaml(object)]),
    ['base/decisions.yaml', headerOf('crds/guard-policy.ts') + guard.join('---\n')],
  ]
}

function yaml(object: unknown): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })
}

function read(file: string): string | undefined {
  try {
    return readFileSync(`${folder}${file}`, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
