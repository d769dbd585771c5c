import { NODE_NAME } from './node.ts'
import type { Pod } from './pod.ts'

const ADDRESS = '127.0.0.1'

/** What `fieldRef` reads: `metadata.name`, `metadata.labels['key']`, `status.podIP` and their like; undefined for others. */
export function fieldOf({ metadata, spec }: Pod, path: string): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'metadata.labels': listed(metadata.labels),
    'metadata.annotations': listed(metadata.annotations),
    'spec.nodeName': NODE_NAME,
    'spec.serviceAccountName': spec.serviceAccountName ?? 'default',
    'status.podIP': ADDRESS,
    'status.podIPs': ADDRESS,
    'status.hostIP': ADDRESS,
    'status.hostIPs': ADDRESS,
  }
  return path in fields ? (fields[path] ?? '') : undefined
}

const listed = (record: Record<string, string> = {}): string =>
  Object.entries(record)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n')
