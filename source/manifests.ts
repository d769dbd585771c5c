import { isMap, isSeq, LineCounter, parseAllDocuments, type Document, type Node, type ScalarTag } from 'yaml'
import type { KubeObject } from '../kube/index.ts'
import { lineOf } from './position.ts'
import type { Fault } from './trouble.ts'

export type Declared = KubeObject & Record<string, unknown>

/** One object as it is declared, and where. */
export type Manifest = {
  object: Declared
  /** Where the repository says so; `field` as the API server names it. */
  place: (field?: string) => { file?: string; line?: number }
}

export type Read = { manifests: Manifest[]; faults: Fault[] }

/** Every object of a YAML or JSON file; lists are taken apart. */
export function readManifests(file: string, text: string): Read {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, ...DIALECT })
  const read: Read = { manifests: [], faults: [] }
  for (const document of documents) {
    const [error] = document.errors
    const place = (node: Node) => (field?: string) => ({ file, line: lineOf(node, field ?? '', document, lines) })
    if (error) read.faults.push({ file, line: lines.linePos(error.pos[0]).line, message: oneLine(error.message) })
    else if (document.contents !== null) {
      for (const node of objectsOf(document)) read1(read, node, document, place(node))
    }
  }
  return read
}

/** YAML 1.2, as everybody writes it today, but for the file modes of Kubernetes: 0644 is octal to all its tools. */
const OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
}
const DIALECT = { merge: true, customTags: (tags: (ScalarTag | string)[]) => [OCTAL, ...tags] } as object

function objectsOf({ contents }: Document): Node[] {
  if (!isMap(contents)) return contents === null ? [] : [contents]
  const items = contents.get('items')
  return String(contents.get('kind')).endsWith('List') && isSeq(items) ? (items.items as Node[]) : [contents]
}

function read1(read: Read, node: Node, document: Document, place: Manifest['place']): void {
  try {
    const value: unknown = node.toJS(document, { maxAliasCount: 100 })
    const message = fault(value)
    if (message === undefined) read.manifests.push({ object: value as Declared, place })
    else read.faults.push({ ...place(), message })
  } catch (error) {
    read.faults.push({ ...place(), message: oneLine((error as Error).message) })
  }
}

/** Why it is no Kubernetes object. */
function fault(value: unknown): string | undefined {
  const { apiVersion, kind, metadata } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown; metadata?: unknown }
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion === '' || kind === '') {
    return 'this is no Kubernetes object: apiVersion or kind is missing'
  }
  if (apiVersion.startsWith('kustomize.config.k8s.io/')) {
    return 'this is for kustomize: set spec.path of the Source to its folder'
  }
  const { name, namespace } = (metadata ?? {}) as { name?: unknown; namespace?: unknown }
  if (typeof name !== 'string' || name === '') return `this ${kind} has no metadata.name`
  return namespace === undefined || typeof namespace === 'string' ? undefined : 'metadata.namespace must be a string'
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
