import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { whyUnguarded } from '../../crds/guard.ts'
import type { ObjectMeta } from '../../crds/meta.ts'

type Guard = { apiVersion: string; kind: string; metadata: ObjectMeta; spec: Record<string, unknown> }

const WRITTEN = '2026-05-01T10:00:00Z'
const LATER = '2026-05-01T10:00:30Z'

/** As `deploy/base` ships them and an API server stores them. */
function stored(): [policy: Guard, binding: Guard] {
  const text = readFileSync(new URL('../../deploy/base/decisions.yaml', import.meta.url), 'utf8')
  const [policy, binding] = parseAllDocuments(text).map((document) => document.toJS() as Guard)
  for (const guard of [policy!, binding!]) guard.metadata = { ...guard.metadata, creationTimestamp: WRITTEN }
  return [policy!, binding!]
}

const DENIED =
  "decisions.sluice.dev \"x\" is forbidden: ValidatingAdmissionPolicy 'sluice-decisions' with binding 'sluice-decisions' denied request: spec.by must be you: system:serviceaccount:sluice-system:sluice"

/** `objection`: what an API server has against a forged Decision. */
const why = (
  guards: (Guard | undefined)[],
  createdAt = LATER,
  objection: string | undefined = DENIED,
): Promise<string | undefined> =>
  whyUnguarded(
    {
      get: ({ resource }) => Promise.resolve(guards.find((one) => one?.kind === resource.kind)),
      objection: (_, { spec, metadata }) =>
        Promise.resolve(
          spec.by.includes('sluice') || metadata.namespace !== 'sluice-system' ? 'not asked well' : objection,
        ),
    },
    createdAt,
  )

it('trusts what is shipped, in any order, and with what an API server adds', async () => {
  const [policy, binding] = stored()
  expect(await why([policy, binding])).toBeUndefined()
  const spec = Object.fromEntries(Object.entries(policy.spec).toReversed())
  binding.spec['validationActions'] = ['Audit', 'Deny']
  const added = { ...spec, variables: [], matchConditions: null, auditAnnotations: [] }
  expect(
    await why([
      { ...policy, spec: added },
      { ...binding, spec: { ...binding.spec, matchResources: {} } },
    ]),
  ).toBe(undefined)
})

it('trusts nothing where one of them is missing, or going', async () => {
  const [policy, binding] = stored()
  expect(await why([undefined, binding])).toMatch(/there is no ValidatingAdmissionPolicy sluice-decisions/)
  expect(await why([policy, undefined])).toMatch(/there is no ValidatingAdmissionPolicyBinding sluice-decisions/)
  const going = { ...policy, metadata: { ...policy.metadata, deletionTimestamp: LATER } }
  expect(await why([going, binding])).toMatch(/is being deleted/)
})

it.each<[what: string, change: (policy: Guard, binding: Guard) => void]>([
  ['binding only audits', (_, { spec }) => (spec['validationActions'] = ['Audit'])],
  [
    'binding leaves namespaces out',
    (_, { spec }) => (spec['matchResources'] = { namespaceSelector: { matchLabels: { a: 'b' } } }),
  ],
  ['policy lets failures pass', ({ spec }) => (spec['failurePolicy'] = 'Ignore')],
  ['policy has a condition', ({ spec }) => (spec['matchConditions'] = [{ name: 'no', expression: 'false' }])],
  ['policy lacks a rule', ({ spec }) => (spec['validations'] as object[]).shift()],
])('trusts nothing where the %s', async (_, change) => {
  const [policy, binding] = stored()
  change(policy, binding)
  expect(await why([policy, binding])).toMatch(/^no Decision counts: .* is not the one that this engine ships/)
})

it('trusts no Decision that may have slipped in before they were in force', async () => {
  const [policy, binding] = stored()
  expect(await why([policy, binding], '2026-05-01T09:00:00Z')).toMatch(/create it again/)
  expect(await why([policy, binding], '2026-05-01T10:00:09Z')).toMatch(/create it again/)
  const managedFields = [
    { manager: 'kubectl', operation: 'Update', time: LATER },
    { manager: 'kube-controller-manager', operation: 'Update', time: '2026-05-01T11:00:00Z', subresource: 'status' },
  ]
  const restored = { ...binding, metadata: { ...binding.metadata, managedFields } }
  expect(await why([policy, restored], '2026-05-01T10:00:35Z')).toMatch(/written 2026-05-01T10:00:30.000Z/)
  expect(await why([policy, restored], '2026-05-01T10:00:40Z')).toBeUndefined()
})

it.each<[string, string, RegExp]>([
  ['takes a forged one', '', /would take one in the name of somebody else.* ValidatingAdmissionPolicy has to be on/],
  [
    'refuses it for another reason',
    'forbidden: cannot create resource',
    /not refused by .*, but with "forbidden: cannot/,
  ],
  [
    'refuses it by another policy',
    DENIED.replaceAll('sluice-decisions', 'own-rules'),
    /not refused by the admission policy sluice-decisions/,
  ],
  ['cannot make sense of the policy', DENIED.replace('spec.by must be you', 'expression failed'), /not refused by/],
])('trusts nothing where the API server has the policy and %s', async (_, said, words) => {
  const [policy, binding] = stored()
  const objection = (): Promise<string | undefined> => Promise.resolve(said === '' ? undefined : said)
  const get = ({ resource }: { resource: { kind: string } }) =>
    Promise.resolve([policy, binding].find(({ kind }) => kind === resource.kind))
  expect(await whyUnguarded({ get, objection }, LATER)).toMatch(words)
})
