import { tail } from './engine.ts'
import type { Access } from './ground.ts'
import { describeRun } from './run.ts'
import { weightsOf, type Sight, type Weights } from './sight.ts'

const LINES = 25

/** What somebody wants to know who waited in vain: states, route, pods, run, and what the engine said about it. */
export async function explain(access: Access, namespace: string, sight: Sight, weights: Weights[]): Promise<string> {
  const { rollout, releases, route, pods } = sight
  const sections = {
    'Rollout status': text(rollout?.status),
    Releases: releases.map(({ spec, status = {} }) => {
      const { ledger: _ledger, verdict, ...rest } = status
      return `${spec.number} (${spec.revision}): ${text({ ...rest, verdict: verdict?.sentence })}`
    }),
    Weights: `${weights.map((each) => JSON.stringify(each)).join(' → ')}; now ${route ? text(weightsOf(route)) : 'gone'}`,
    Pods: pods.map(({ metadata, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status
      return `${metadata.name} ${status?.phase}, ready: ${ready}${metadata.deletionTimestamp ? ', ending' : ''}`
    }),
    Run: await describeRun({ ...access, namespace }),
    Engine: access.engineLogs.map((file) => tail(file, LINES, namespace)),
  }
  return Object.entries(sections)
    .map(([title, body]) => `── ${title}\n${[body].flat().join('\n')}`)
    .join('\n')
}

const text = (value: unknown): string => JSON.stringify(value, null, 1) ?? 'none'
