import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { CALLBACK_ACCOUNT, CALLBACK_ACTIONS, CALLBACK_USER } from '../../crds/callback.ts'

type Object = {
  kind: string
  rules?: { resources: string[]; verbs: string[] }[]
  subjects?: { kind: string; name: string; namespace: string }[]
}

const [role, binding] = parseAllDocuments(
  readFileSync(new URL('../../deploy/components/callbacks/role.yaml', import.meta.url), 'utf8'),
).map((document) => document.toJS() as Object)

it('lets the API answer gates in one namespace, and nothing else', () => {
  expect(role?.kind).toBe('Role')
  const rights = (role?.rules ?? []).flatMap(({ resources, verbs }) =>
    resources.flatMap((what) => verbs.map((verb) => `${verb} ${what}`)),
  )
  expect(rights).toEqual(['create decisions', ...CALLBACK_ACTIONS.map((action) => `create rollouts/${action}`)])
})

it('and nobody but the one whom gates with a callback count', () => {
  const [{ kind, name, namespace } = { kind: '', name: '', namespace: '' }, ...others] = binding?.subjects ?? []
  expect([kind, others]).toEqual(['ServiceAccount', []])
  expect(`${namespace}/${name}`).toBe(CALLBACK_ACCOUNT)
  expect(`system:serviceaccount:${namespace}:${name}`).toBe(CALLBACK_USER)
})
