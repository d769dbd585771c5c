import { readFile } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import { isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { Checkout } from './clone.ts'
import type { Fault } from './trouble.ts'

export const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** `json`: path from the root of the repository → what kustomize shall read there. */
export type Kustomizations = { json: Map<string, string>; faults: Fault[] }

/**
 * Every kustomization of the repository as JSON, merges and aliases resolved. Parsers of YAML differ in tags, encodings
 * and line breaks: what was checked is what has to be read. Refused with file and line is what is not in the
 * repository, what could be fetched, and what is for plugins.
 */
export async function readKustomizations({ directory, files }: Checkout): Promise<Kustomizations> {
  const tracked = new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)]))
  const read: Kustomizations = { json: new Map(), faults: [] }
  // A link, too: it is a file here, and what it holds is up to whoever committed it.
  for (const { path } of files.filter((one) => NAMES.includes(basename(one.path)))) {
    const { json, faults } = check(await readFile(join(directory, path), 'utf8'), (entry) =>
      tracked.has(posix.join(dirname(path), entry).replace(/\/$/, '')),
    )
    read.json.set(path, json)
    read.faults.push(...faults.map((fault) => ({ file: path, ...fault })))
  }
  return read
}

/** Go finds a field whatever its case, and takes ſ for s; so do these. */
const BASES = /^(resources|bases|components)$/iu
const PLUGINS = /^(generators|transformers|validators)$/iu
const REMOTE = /\/\/|(^|=)\s*(https?:|git@|git::|github\.com[/:])|[?&]ref=/i
/** Nothing is ever loaded from these. In another spelling they are like all others. */
const INLINE =
  /^\.((configMap|secret)Generator\[\]\.(literals|options\.annotations)|patches(Json6902)?\[\]\.patch|commonAnnotations|(metadata|generatorOptions)\.annotations)$/

function check(text: string, isTracked: (entry: string) => boolean): { json: string; faults: Omit<Fault, 'file'>[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
  const refuse = (line: number, message: string) => ({ json: '', faults: [{ line, message: oneLine(message) }] })
  const [error] = document.errors
  if (error) return refuse(lines.linePos(error.pos[0]).line, error.message)
  let json: string
  try {
    json = asJson(document.toJS({ maxAliasCount: 100 }) ?? {})
  } catch (thrown) {
    return refuse(1, (thrown as Error).message)
  }
  const value: unknown = JSON.parse(json)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(1, 'this is no kustomization')
  const fields = Object.entries(value)
  const lineOf = linesOf(document, lines)
  const plugins = fields.filter(([field]) => PLUGINS.test(field)).map(([field]) => field)
  const bases = fields.filter(([field]) => BASES.test(field)).flatMap(([, entries]) => stringsOf(entries))
  const away = bases.filter((entry) => entry.startsWith('/') || !isTracked(entry))
  const remote = stringsOf(value).filter((entry) => REMOTE.test(entry))
  const faults = [
    ...plugins.map((field) => ({
      line: lineOf(field),
      message: `${field} is for plugins, which are not run; use the other fields of kustomize, or commit what it builds`,
    })),
    ...[...new Set([...away, ...remote])].map((entry) => ({
      line: lineOf(entry),
      message: `${entry} is not in the repository; nothing is fetched from elsewhere`,
    })),
  ]
  return { json, faults }
}

/** Written so that every parser of YAML reads the same, those too that end lines at a NEL. */
const asJson = (value: unknown): string =>
  JSON.stringify(value, null, 1).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** All texts of a value but those of `INLINE`; `path` like `.patches[].path`. */
function stringsOf(value: unknown, path = ''): string[] {
  if (INLINE.test(path)) return []
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((one) => stringsOf(one, `${path}[]`))
  return Object.entries(value).flatMap(([key, one]) => stringsOf(one, `${path}.${key}`))
}

/** Where a text stands first. */
function linesOf(document: ReturnType<typeof parseDocument>, lines: LineCounter): (text: string) => number {
  const found = new Map<unknown, number>()
  visit(document, (_, node) => {
    if (!isScalar(node) || !node.range || found.has(node.value)) return
    found.set(node.value, lines.linePos(node.range[0]).line)
  })
  return (text) => found.get(text) ?? 1
}

function foldersOf(path: string): string[] {
  const folder = posix.dirname(path)
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)]
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
