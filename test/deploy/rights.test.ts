import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] }

const rulesOf = (file: string): Rule[] =>
  parseAllDocuments(readFileSync(new URL(`../../deploy/base/${file}`, import.meta.url), 'utf8')).flatMap((document) => {
    const { rules } = document.toJS() as { rules?: Rule[] }
    return rules ?? []
  })

const engine = [...rulesOf('engine-role.yaml'), ...rulesOf('lease-role.yaml')]

it('gives the engine no wildcard, no Secret and nothing that could widen its rights', () => {
  const rights = engine.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])
  for (const word of ['*', 'secrets', 'impersonate', 'escalate', 'bind', 'deletecollection']) {
    expect(rights).not.toContain(word)
  }
})

it('lets the engine change no Rollout and make no Decision', () => {
  const onDeclared = engine.filter(({ resources }) => resources.includes('rollouts') || resources.includes('decisions'))
  expect(onDeclared.flatMap(({ verbs }) => verbs)).toEqual(['get', 'list', 'watch'])
})
