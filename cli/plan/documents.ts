import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { isMap, LineCounter, parseAllDocuments, type Document } from 'yaml'
import { compile, type CompiledRelease } from '../../crds/plan.ts'
import type { RolloutSpec } from '../../crds/schema/rollout.ts'
import { Refusal } from '../failure.ts'
import { admit } from './admission.ts'
import type { Path } from './cel.ts'

/** A Rollout of a file that the API server would take. */
export type Declared = CompiledRelease & { name: string; namespace: string | undefined; spec: RolloutSpec }

/** One Rollout, or what is wrong with it: `rollout.yaml:12: spec.replicas: …`. */
export type Found = { declared: Declared } | { complaints: string[] }

/** Every Rollout in a file of YAML or JSON documents, `-` is standard input. Throws `Refusal` where there is none. */
export async function rolloutsIn(file: string): Promise<Found[]> {
  const lines = new LineCounter()
  const source = await sourceOf(file)
  const name = file === '-' ? 'standard input' : file
  const documents = parseAllDocuments(source, { lineCounter: lines })
  if (!Array.isArray(documents)) throw new Refusal(`${name} is empty`)
  const found = documents.flatMap((document): Found[] => {
    const where = (offset: number): string => `${name}:${lines.linePos(offset).line}`
    const [error] = document.errors
    if (error)
      return [{ complaints: [`${where(error.pos[0])}: this is no YAML: ${error.message.split(' at line')[0]}`] }]
    return document.get('kind') === 'Rollout' ? [read(document, where)] : []
  })
  if (found.length === 0) throw new Refusal(`there is no Rollout in ${name}`)
  return found
}

type Manifest = { metadata?: { name?: string; namespace?: string } }

function read(document: Document.Parsed, where: (offset: number) => string): Found {
  const manifest = document.toJS() as Manifest & Record<string, unknown>
  const admitted = admit(manifest)
  if ('complaints' in admitted) {
    return {
      complaints: admitted.complaints.map(
        ({ path, message }) => `${where(offsetOf(document, path))}: ${spelled(path)}: ${message}`,
      ),
    }
  }
  const { name = 'rollout', namespace } = manifest.metadata ?? {}
  const { spec } = admitted
  return { declared: { ...compile(spec), name, namespace, spec } }
}

/** Where the field stands, or what it is missing in. */
function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === String(path[length - 1])) : undefined
    const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as
      { range?: [number, ...unknown[]] } | undefined
    if (node?.range) return node.range[0]
  }
  return document.range[0]
}

const spelled = (path: Path): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')

async function sourceOf(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new Refusal(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
