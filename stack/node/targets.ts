import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PORTS_ANNOTATION } from './keeper.ts'
import type { Pod } from './pod.ts'

/** Where Prometheus finds what each pod tells of itself: file-based discovery, as a cluster's would tell it. */
export const targetsFolder = (stateDir: string): string => join(stateDir, 'targets')

type Target = { targets: string[]; labels: Record<string, string> }

/** The returned function writes down where the pods that run right now are; a pod stays until its object is gone. */
export function keepTargets(stateDir: string, pods: () => Pod[]): () => void {
  const folder = targetsFolder(stateDir)
  const file = join(folder, 'pods.json')
  mkdirSync(folder, { recursive: true })
  return () => {
    const text = JSON.stringify(pods().flatMap(targetOf))
    if (text === contentOf(file)) return
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Named as Istio names the answering side: by the workload above the ReplicaSet. */
function targetOf({ metadata, status }: Pod): Target[] {
  const { control } = JSON.parse(metadata.annotations?.[PORTS_ANNOTATION] ?? '{}') as Record<string, number>
  if (control === undefined || status?.phase !== 'Running') return []
  const owner = metadata.ownerReferences?.find(({ kind }) => kind === 'ReplicaSet')?.name
  const labels = {
    pod: metadata.name,
    destination_workload: owner?.slice(0, owner.lastIndexOf('-')) ?? metadata.name,
    destination_workload_namespace: metadata.namespace ?? '',
  }
  return [{ targets: [`127.0.0.1:${control}`], labels }]
}
