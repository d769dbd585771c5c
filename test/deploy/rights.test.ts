import { readdirSync, readFileSync } from 'node:fs'
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

const [forgery] = parseAllDocuments(
  readFileSync(new URL('../../deploy/base/forgery-role.yaml', import.meta.url), 'utf8'),
).map((document) => document.toJS() as { kind: string; metadata: object })

const ROOT = new URL('../../', import.meta.url)

const sources = (...rooms: string[]): { file: string; text: string }[] =>
  rooms.flatMap((room) =>
    readdirSync(new URL(room, ROOT), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({ file: `${room}/${name}`, text: readFileSync(new URL(`${room}/${name}`, ROOT), 'utf8') })),
  )

const verbsOn = (...names: string[]): string[][] =>
  engine.filter(({ resources }) => resources.some((name) => names.includes(name))).map(({ verbs }) => verbs)

it('lets the engine make and delete no Rollout, patch one for its finalizer alone, and write nothing of a Decision', () => {
  expect(verbsOn('rollouts')).toEqual([['get', 'list', 'watch'], ['patch']])
  expect(verbsOn('decisions')).toEqual([['get', 'list', 'watch'], ['delete']])
  // To try a forged one, where no Rollout is.
  expect(rulesOf('forgery-role.yaml')).toEqual([
    { apiGroups: ['sluice.dev'], resources: ['decisions'], verbs: ['create'] },
  ])
  expect(forgery).toMatchObject({ kind: 'Role', metadata: { namespace: 'sluice-system' } })
  // RBAC knows no fields: there is one place that patches a Rollout itself.
  const patching = sources('activities', 'controller', 'router', 'workload').filter(
    ({ text }) => text.includes('resource: ROLLOUTS') && /[a-z]Patch\(/.test(text),
  )
  expect(patching.map(({ file }) => file)).toEqual(['workload/adoption-finalizer.ts'])
})
