import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ACTIONS } from '../../crds/decision.ts'

type Role = {
  metadata: { name: string; labels?: Record<string, string> }
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[]
  aggregationRule?: { clusterRoleSelectors: { matchLabels: Record<string, string> }[] }
}

const roles = parseAllDocuments(
  readFileSync(new URL('../../deploy/base/people-roles.yaml', import.meta.url), 'utf8'),
).map((document) => document.toJS() as Role)

const roleOf = (name: string): Role => roles.find(({ metadata }) => metadata.name === name)!

const wordsOf = (name: string): string[] =>
  (roleOf(name).rules ?? []).flatMap(({ resources }) =>
    resources.flatMap((resource) => ACTIONS.filter((action) => resource === `rollouts/${action}`)),
  )

it('gives every role its words, and the operator all of them', () => {
  expect(wordsOf('sluice-viewer')).toEqual([])
  expect(wordsOf('sluice-approver')).toEqual(['approve', 'reject', 'abort'])
  expect(wordsOf('sluice-editor')).toEqual(['abort', 'pause', 'resume', 'retry'])
  expect(wordsOf('sluice-operator')).toEqual([...ACTIONS])
})

it('lets nobody change or remove a Decision or a Release', () => {
  for (const { rules = [] } of roles) {
    for (const { resources, verbs } of rules) {
      if (!resources.some((resource) => resource.startsWith('decisions') || resource.startsWith('releases'))) continue
      expect(['get', 'list', 'watch', 'create']).toEqual(expect.arrayContaining(verbs))
    }
  }
})

it('adds them to the roles of every cluster: who sees, who declares, who administers', () => {
  const aggregated = roles.flatMap(({ metadata }) =>
    Object.keys(metadata.labels ?? {}).map((label) => [metadata.name, label.split('/')[1]]),
  )
  expect(aggregated).toEqual([
    ['sluice-viewer', 'aggregate-to-view'],
    ['sluice-editor', 'aggregate-to-edit'],
    ['sluice-operator', 'aggregate-to-admin'],
    ['sluice-admin', 'aggregate-to-admin'],
  ])
  const [selected] = roleOf('sluice-admin').aggregationRule!.clusterRoleSelectors
  expect(roleOf('sluice-operator').metadata.labels).toMatchObject(selected!.matchLabels)
})
