import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

type Object = { kind: string; metadata: { name: string }; rules?: { resources: string[]; verbs: string[] }[] }

const objects = parseAllDocuments(
  readFileSync(new URL('../../deploy/base/api-role.yaml', import.meta.url), 'utf8'),
).map((document) => document.toJS() as Object)

it('lets the API watch what it shows and do nothing: everything else goes by the token of whoever asks', () => {
  const rules = objects.flatMap(({ rules = [] }) => rules)
  expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(['list', 'watch']))
  expect(new Set(rules.flatMap(({ resources }) => resources))).toEqual(
    new Set(['rollouts', 'releases', 'decisions', 'pods', 'events']),
  )
})

it('gives it an identity of its own', () => {
  expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'ServiceAccount sluice-api',
    'ClusterRole sluice-api',
    'ClusterRoleBinding sluice-api',
  ])
})
