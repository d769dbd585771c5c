import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DecisionSpec } from '../../crds/decision.ts'
import { DECISION_GUARD } from '../../crds/guard-policy.ts'
import { DECISIONS, EVENTS, GUARD_BINDINGS, GUARD_POLICIES } from '../../crds/resources.ts'
import type { Decision } from '../../crds/schema/decision.ts'
import type { KubeObject } from '../../kube/index.ts'
import { eventually } from '../patience.ts'
import { startGround, type Ground } from '../stage/ground.ts'
import { answerTo, decideAs } from '../stage/person.ts'
import { outcomeOf, phaseOf } from '../stage/sight.ts'
import { openStage, type Stage } from '../stage/stage.ts'

const BASE = fileURLToPath(new URL('../../deploy/base', import.meta.url))
const PATIENCE_MS = 60_000

let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterAll(() => ground[Symbol.asyncDispose]())

/** As who installs it does. */
async function applyBase(): Promise<void> {
  const { kubectl, kubeconfig } = ground.access
  const apply = ['apply', '--server-side', '--force-conflicts', '-k', BASE]
  await promisify(execFile)(kubectl, ['--kubeconfig', kubeconfig, ...apply])
}

/** Alice says something as Ada: the API server admits it as soon as nobody looks any more. */
const admitted = ({ namespace }: Stage, spec: Omit<DecisionSpec, 'by' | 'rollout'>): Promise<Decision> =>
  eventually(() => decideAs('alice', ground.access, namespace, { ...spec, by: 'ada' }), PATIENCE_MS)

const refused = (stage: Stage, decision: Decision): Promise<string> =>
  stage.until('it is refused', ({ decisions }) => {
    try {
      answerTo(decision, decisions)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  })

test('no Decision counts while the policy is gone or only audits, nor one that slipped in meanwhile', async () => {
  await using stage = await openStage({ access: ground.access, name: 'unprotected' })
  const { kube, namespace } = stage
  await stage.install({ version: '1.4.0', steps: [{ setWeight: 20 }, { approve: { name: 'go' } }] })
  await stage.push({ version: '1.5.0' })
  const revision = await stage.until(
    'the gate waits',
    (sight) => phaseOf(sight) === 'AwaitingApproval' && sight.rollout?.status?.canary,
  )
  const approval = { action: 'approve', gate: 'go', release: 2, revision } as const

  await kube.mergePatch({ resource: GUARD_BINDINGS, name: DECISION_GUARD }, { spec: { validationActions: ['Audit'] } })
  const why = await refused(stage, await admitted(stage, approval))
  expect(why).toMatch(/ValidatingAdmissionPolicyBinding sluice-decisions is not the one that this engine ships/)
  const { items } = await kube.list<KubeObject & { reason: string; note: string }>(EVENTS, { namespace })
  expect(items.filter(({ reason }) => reason === 'DecisionsUnprotected').map(({ note }) => note)).toEqual([why])
  await expect(stage.say('approve')).rejects.toThrow(/no Decision counts/)

  await kube.delete({ resource: GUARD_POLICIES, name: DECISION_GUARD })
  await expect(stage.say('approve')).rejects.toThrow(/there is no ValidatingAdmissionPolicy sluice-decisions/)

  const [engine] = ground.engines
  await engine?.stop()
  const slipped = await admitted(stage, approval)
  await applyBase()
  await engine?.start()
  expect(await refused(stage, slipped)).toMatch(/create it again/)

  expect(phaseOf(stage.now())).toBe('AwaitingApproval')
  await eventually(() => stage.say('approve'), PATIENCE_MS)
  await stage.until('1.5.0 is promoted', (sight) => outcomeOf(sight, '1.5.0') === 'Promoted')
  const { items: said } = await kube.list<Decision>(DECISIONS, { namespace })
  expect(said.filter(({ spec, status }) => spec.by === 'ada' && status?.outcome === 'Applied')).toHaveLength(1)
})
