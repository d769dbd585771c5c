import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { DecisionSpec } from '../../crds/decision.ts'
import { AUTHOR_CLAIM, ENGINE_NAMESPACE, ENGINE_USER } from '../../crds/guard-policy.ts'
import { API_VERSION, LABEL, PROVENANCE } from '../../crds/names.ts'
import { DECISIONS } from '../../crds/resources.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import { createKube } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { answerTo, decideAs, type Person } from '../stage/person.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const access = inject('access')

const RIGHTS = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true }

/** Waits at a gate of release 2. */
async function atGate(stage: Stage, approve: object): Promise<Omit<DecisionSpec, 'by' | 'rollout'>> {
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go', ...approve } }] })
  await stage.push({ version: '1.5.0' })
  const revision = await stage.until(
    'the gate waits',
    (sight) => phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.canary,
  )
  return { action: 'approve', gate: 'go', release: 2, revision }
}

const kubectl = async (...args: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', access.kubeconfig, ...args])
  return stdout
}

test.concurrent('the API server refuses whoever may not, and whoever says to be somebody else', async () => {
  await using stage = await openStage({ access, name: 'people-refused' })
  const { namespace, kube } = stage
  const approval = await atGate(stage, {})
  const say = (person: Person, spec: Partial<DecisionSpec> = {}): Promise<Decision> =>
    decideAs(person, access, namespace, { ...approval, ...spec })

  await expect(say('bob')).rejects.toThrow(/User "bob" cannot create resource "decisions"/)
  const metadata = { name: 'creator', namespace }
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const rules = [{ apiGroups: ['sluice.dev'], resources: ['decisions'], verbs: ['create'] }]
  const role = { apiVersion, kind: 'Role', metadata, rules }
  await kube.create({ ...RIGHTS, plural: 'roles', kind: 'Role' }, role)
  const roleRef = { apiGroup: RIGHTS.group, kind: 'Role', name: 'creator' }
  const subjects = [{ apiGroup: RIGHTS.group, kind: 'User', name: 'bob' }]
  const binding = { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects }
  await kube.create({ ...RIGHTS, plural: 'rolebindings', kind: 'RoleBinding' }, binding)
  const refusal = (): Promise<unknown> => say('bob').catch(({ message }: Error) => message)
  await eventually(async () =>
    expect(await refusal()).toContain(`bob may not approve rollout checkout in ${namespace}`),
  )
  await expect(say('alice', { action: 'promote' })).rejects.toThrow(/alice may not promote rollout checkout/)

  await expect(say('alice', { by: 'ada' })).rejects.toThrow('spec.by must be you: alice')
  await expect(say('alice', { groups: ['approvers', 'board'] })).rejects.toThrow(/spec.groups must be groups of yours/)
  await expect(say('alice', { claim: 'ada@example.com' })).rejects.toThrow(
    /spec.claim must be the one thing that your identity says/,
  )
  expect(stage.now().decisions).toEqual([])
  expect(phaseOf(stage.now())).toBe('AwaitingApproval')
})

test.concurrent(
  'who may edit in a namespace declares and stops there, who administers it answers gates, too',
  async () => {
    await using stage = await openStage({ access, name: 'people-roles', isBare: true })
    const { namespace } = stage
    for (const [who, role] of Object.entries({ vera: 'view', edith: 'edit', adam: 'admin' })) {
      await kubectl('create', 'rolebinding', who, '-n', namespace, `--clusterrole=${role}`, `--user=${who}`)
    }
    const may = (who: string, verb: string, what: string, part = ''): Promise<string> =>
      kubectl('auth', 'can-i', verb, `${what}.sluice.dev`, `--subresource=${part}`, '-n', namespace, '--as', who).then(
        (said) => said.trim(),
        ({ stdout }: { stdout: string }) => stdout.trim(),
      )
    const rights = (who: string): Promise<string[]> =>
      Promise.all([
        may(who, 'list', 'decisions'),
        may(who, 'create', 'rollouts'),
        may(who, 'create', 'rollouts', 'abort'),
        may(who, 'create', 'rollouts', 'approve'),
        may(who, 'delete', 'decisions'),
      ])
    await expect.poll(() => rights('vera')).toEqual(['yes', 'no', 'no', 'no', 'no'])
    await expect.poll(() => rights('edith')).toEqual(['yes', 'yes', 'yes', 'no', 'no'])
    await expect.poll(() => rights('adam')).toEqual(['yes', 'yes', 'yes', 'yes', 'no'])
  },
)

test.concurrent('the engine decides nothing, not even where it may create Decisions', async () => {
  const { kubeconfigs } = access
  const engine = createKube({ kubeconfig: kubeconfigs.engine })
  const create = (namespace: string): Promise<Decision> =>
    engine.create<Decision>(DECISIONS, {
      apiVersion: API_VERSION,
      kind: DECISIONS.kind,
      metadata: { name: 'own', namespace, labels: { [LABEL.rollout]: 'checkout' } },
      spec: { rollout: 'checkout', release: 1, revision: 'abc', action: 'abort', by: ENGINE_USER },
    })
  await expect(create('default')).rejects.toThrow(/cannot create resource "decisions"/)
  await expect(create(ENGINE_NAMESPACE)).rejects.toThrow('the engine decides nothing: people do')
})

test.concurrent('a Decision stays as it was said, for the admin, too, and goes with its namespace', async () => {
  await using stage = await openStage({ access, name: 'people-edited' })
  const approval = await atGate(stage, { by: { minimum: 2 } })
  await stage.say('approve', {}, 'alice')
  const [decision] = stage.now().decisions
  const ref = { resource: DECISIONS, namespace: stage.namespace, name: decision?.metadata.name ?? '' }
  const patch = (change: object): Promise<Decision> => stage.kube.mergePatch<Decision>(ref, { ...change })

  await expect(patch({ spec: { by: 'ada' } })).rejects.toThrow('a Decision cannot be changed; create another one')
  await expect(patch({ spec: { gate: 'other' } })).rejects.toThrow('a Decision cannot be changed')
  await expect(patch({ metadata: { labels: { 'sluice.dev/rollout': 'basket' } } })).rejects.toThrow(
    'the label sluice.dev/rollout must name spec.rollout',
  )
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: 'none' }
  await expect(patch({ metadata: { ownerReferences: [owner] } })).rejects.toThrow('a Decision has no owner')
  await expect(patch({ metadata: { finalizers: ['example.com/stay'] } })).rejects.toThrow('has no finalizers')
  const status = { outcome: 'Applied', message: 'forged', at: '2026-05-01T10:00:00Z' }
  await expect(stage.kube.mergePatch(ref, { status }, { subresource: 'status' })).rejects.toThrow(
    'the status of a Decision is written by the engine alone',
  )
  await expect(stage.kube.delete(ref)).rejects.toThrow('a Decision stays for whoever asks later')
  expect(stage.now().decisions).toMatchObject([
    { spec: { ...approval, by: 'alice' }, status: { outcome: 'Delivered' } },
  ])
  expect(phaseOf(stage.now())).toBe('AwaitingApproval')

  await kubectl('delete', 'namespace', stage.namespace, '--timeout=120s')
})

test.concurrent('two people open a gate that wants two, and what does not count says why', async () => {
  await using stage = await openStage({ access, name: 'people-quorum' })
  await atGate(stage, { by: { minimum: 2 } })

  const first = stage.now().releases.find(({ spec }) => spec.number === 1)?.spec.revision ?? ''
  await expect(stage.say('approve', { release: 1, revision: first })).rejects.toThrow(/you answer release 1/)
  await stage.say('approve', {}, 'alice')
  await expect(stage.say('approve', {}, 'alice')).rejects.toThrow(/alice approved gate go already/)
  expect(phaseOf(stage.now())).toBe('AwaitingApproval')
  await stage.until('it says who is missing', ({ rollout }) => rollout?.status?.message?.includes('1 of 2 approvals'))
  await stage.say('approve', { reason: 'all is well' })
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  await stage.until(
    'both votes are applied',
    ({ decisions }) => decisions.filter(({ status }) => status?.outcome === 'Applied').length === 2,
  )

  const lines = (await kubectl('get', 'decisions', '-n', stage.namespace))
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/).slice(1, -1))
  const [header, ...rows] = lines
  expect(header).toEqual(['ROLLOUT', 'RELEASE', 'ACTION', 'BY', 'OUTCOME', 'MESSAGE'])
  expect(rows).toHaveLength(4)
  expect(rows).toEqual(
    expect.arrayContaining([
      ['checkout', '1', 'approve', 'ada', 'Refused', expect.stringContaining('you answer release 1')],
      ['checkout', '2', 'approve', 'alice', 'Applied', expect.stringContaining('Gate go approved by alice, ada')],
      ['checkout', '2', 'approve', 'alice', 'Refused', expect.stringContaining('a person has one vote')],
      ['checkout', '2', 'approve', 'ada', 'Applied', expect.stringContaining('all is well')],
    ]),
  )
})

test.concurrent('an approval that comes too late for its gate does not count', async () => {
  await using stage = await openStage({ access, name: 'people-late' })
  const steps = [{ setWeight: 20 }, { approve: { name: 'go', expiresAfter: '2s' } }]
  await stage.install({ version: '1.4.0', steps })
  await stage.push({ version: '1.5.0' })
  await stage.until('the gate has expired', (sight) => phaseOf(sight) === 'Holding')
  await expect(stage.say('approve', { gate: 'go' }, 'alice')).rejects.toThrow(/no gate of release 2 is open/)
  expect(phaseOf(stage.now())).toBe('Holding')
  expect(stage.now().decisions.map(({ status }) => status?.outcome)).toEqual(['Refused'])
  await stage.say('abort', { gate: 'go' }, 'alice')
  await stage.until('it is aborted', (sight) => phaseOf(sight) === 'Aborted')
})

/** Creates an approval as somebody of whom the API server knows these addresses. Throws its refusal. */
async function approveAs(who: string, addresses: string[], stage: Stage, spec: Partial<DecisionSpec>) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-people-'))
  try {
    const config = parse(await readFile(access.kubeconfig, 'utf8')) as { users: { user: object }[] }
    for (const { user } of config.users) {
      Object.assign(user, { as: who, 'as-user-extra': { [AUTHOR_CLAIM]: addresses } })
    }
    const [kubeconfig, manifest] = [join(folder, 'config'), join(folder, 'decision.json')]
    await writeFile(kubeconfig, stringify(config), { mode: 0o600 })
    const metadata = { generateName: 'checkout-', labels: { [LABEL.rollout]: 'checkout' } }
    const kind = { apiVersion: API_VERSION, kind: DECISIONS.kind }
    await writeFile(manifest, JSON.stringify({ ...kind, metadata, spec: { rollout: 'checkout', by: who, ...spec } }))
    const create = ['create', '-n', stage.namespace, '-f', manifest, '-o', 'json']
    const { stdout } = await promisify(execFile)(access.kubectl, ['--kubeconfig', kubeconfig, ...create])
    const decision = JSON.parse(stdout) as Decision
    return await stage.until('it is answered', ({ decisions }) => answerTo(decision, decisions))
  } finally {
    await rm(folder, { recursive: true })
  }
}

test.concurrent(
  'the author of a commit does not open a gate that is for others, nor who might be the author',
  async () => {
    await using stage = await openStage({ access, name: 'people-author' })
    const { namespace } = stage
    for (const who of ['adele', 'grace'])
      await kubectl('create', 'rolebinding', who, '-n', namespace, '--clusterrole=sluice-approver', `--user=${who}`)
    const steps = [{ setWeight: 20 }, { approve: { name: 'go', notBy: 'author' } }]
    await stage.install({ version: '1.4.0', steps })
    await kubectl('annotate', 'rollout', 'checkout', '-n', namespace, `${PROVENANCE.author}=Ada <ada@example.com>`)
    await stage.push({ version: '1.5.0' })
    const revision = await stage.until(
      'the gate waits',
      (sight) => phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.canary,
    )
    const approval = { action: 'approve', gate: 'go', release: 2, revision } as const
    const [ADA, GRACE] = ['ada@example.com', 'grace@example.com']
    const approve = (who: string, addresses: string[], claim?: string): Promise<string> =>
      approveAs(who, addresses, stage, { ...approval, ...(claim === undefined ? {} : { claim }) })

    const notTheOne = /spec.claim must be the one thing that your identity says/
    await expect(approve('grace', [GRACE], ADA)).rejects.toThrow(notTheOne)
    await expect(approve('adele', [GRACE, ADA], GRACE)).rejects.toThrow(notTheOne)
    await expect(approve('grace', [], GRACE)).rejects.toThrow(notTheOne)
    expect(stage.now().decisions).toEqual([])
    await expect(approve('adele', [ADA], ADA)).rejects.toThrow('and that is adele')
    await expect(approve('grace', [GRACE])).rejects.toThrow('has no spec.claim')
    expect(phaseOf(stage.now())).toBe('AwaitingApproval')
    await approve('grace', [GRACE], GRACE)
    await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  },
)
