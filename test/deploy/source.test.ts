import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

type Role = { kind: string; rules?: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] }

const rulesOf = (file: string): NonNullable<Role['rules']> =>
  parseAllDocuments(
    readFileSync(new URL(`../../deploy/components/source/${file}.yaml`, import.meta.url), 'utf8'),
  ).flatMap((document) => (document.toJS() as Role).rules ?? [])

it('lets the engine read Sources, write their status, and act as one ServiceAccount by name', () => {
  expect(
    [...rulesOf('engine-role'), ...rulesOf('account-role')].map(({ resources, resourceNames, verbs }) => [
      resources,
      resourceNames,
      verbs,
    ]),
  ).toEqual([
    [['sources'], undefined, ['get', 'list', 'watch']],
    [['sources/status'], undefined, ['patch']],
    [['serviceaccounts/token'], ['sluice-source'], ['create']],
  ])
})

it('gives who applies no wildcard, no right to widen its own, and Secrets by name only', () => {
  const rules = rulesOf('account')
  const words = rules.flatMap(({ resources, verbs }) => [...resources, ...verbs])
  for (const word of ['*', 'roles', 'rolebindings', 'serviceaccounts/token', 'bind', 'escalate', 'impersonate']) {
    expect(words).not.toContain(word)
  }
  const secrets = rules.filter(({ resources }) => resources.includes('secrets'))
  expect(secrets.map(({ resourceNames, verbs }) => [resourceNames, verbs])).toEqual([[['git', 'git-webhook'], ['get']]])
})
