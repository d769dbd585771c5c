import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { isMap, LineCounter, parseAllDocuments, type Document } from 'yaml'
import { Refusal } from '../failure.ts'
import type { Path } from './cel.ts'

/** Line and column, both from 1. */
export type Place = { file: string; line: number; column: number }

/** One object of a file, or why it is none. */
export type Written =
  { manifest: Manifest; placeOf: (path: Path) => Place } | { trouble: { at: Place; message: string }[] }

export type Manifest = {
  apiVersion?: string
  kind?: string
  metadata?: { name?: string; namespace?: string }
} & Record<string, unknown>

/** Every object in a file of YAML or JSON documents, `-` is standard input. Throws `Refusal` where there is nothing to read. */
export async function documentsIn(file: string): Promise<Written[]> {
  const lines = new LineCounter()
  const source = await sourceOf(file)
  const name = file === '-' ? 'standard input' : file
  const documents = parseAllDocuments(source, { lineCounter: lines })
  if (!Array.isArray(documents)) throw new Refusal(`${name} is empty`)
  const at = (offset: number): Place => {
    const { line, col: column } = lines.linePos(offset)
    return { file: name, line, column }
  }
  return documents.map((document): Written => {
    // What comes after the first one comes of it, mostly.
    const trouble = document.errors.slice(0, 1).map(({ pos: [from], message }) => ({
      at: at(from),
      message: `this is no YAML: ${message.split(' at line')[0]}`,
    }))
    if (trouble.length > 0) return { trouble }
    const manifest: unknown = document.toJS()
    const isObject = typeof manifest === 'object' && manifest !== null
    return {
      manifest: isObject ? (manifest as Manifest) : {},
      placeOf: (path) => at(offsetOf(document, path)),
    }
  })
}

/** `rollout.yaml:12:7` */
export const placeWords = ({ file, line, column }: Place): string => `${file}:${line}:${column}`

/** `spec.steps[0].setWeight` */
export const spelled = (path: Path): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')

/** Where the field stands, or what it is missing in. */
function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === String(path[length - 1])) : undefined
    const node = (pair?.key ?? document.getIn(path.slice(0, length), true)) as
      { range?: [number, ...unknown[]] } | undefined
    if (node?.range) return node.range[0]
  }
  return document.contents?.range[0] ?? document.range[0]
}

async function sourceOf(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new Refusal(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
