import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { basename, delimiter, dirname, join, posix } from 'node:path'
import process from 'node:process'
import { parse } from 'yaml'
import type { Checkout } from './clone.ts'
import { readManifests, type Manifest, type Read } from './manifests.ts'
import type { Fault } from './trouble.ts'

/** Absolute path of `kustomize`, or of a `kubectl`, which has it inside; undefined where there is neither. */
export type Kustomize = string | undefined

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']
const TIMEOUT_MS = 60_000
const MOST_BYTES = 16 << 20

export const isKustomization = (path: string, folder: string): boolean =>
  NAMES.some((name) => path === posix.join(folder, name))

/** The first `kustomize`, else the first `kubectl`, of the folders of `$PATH`. */
export async function findKustomize(path = process.env['PATH'] ?? ''): Promise<Kustomize> {
  for (const name of ['kustomize', 'kubectl']) {
    for (const folder of path.split(delimiter).filter(Boolean)) {
      const file = join(folder, name)
      const isThere = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (isThere) return file
    }
  }
  return undefined
}

/**
 * What `kustomize build` makes of a folder. It sees the repository and nothing else: no remote base, no program, and no
 * way out. An object stands where the only file of the repository that declares this kind and name has it.
 */
export async function kustomized(options: { checkout: Checkout; folder: string; kustomize: Kustomize }): Promise<Read> {
  const { checkout, folder, kustomize } = options
  const file = posix.join(
    folder,
    NAMES.find((name) => checkout.files.some((one) => one.path === posix.join(folder, name)))!,
  )
  if (kustomize === undefined) {
    const message =
      'the engine has no kustomize: put kustomize or kubectl on its PATH, or name it by --kustomize, or commit what it builds'
    return { manifests: [], faults: [{ file, message }] }
  }
  const faults = await remoteBases(checkout)
  if (faults.length > 0) return { manifests: [], faults }
  const built = await run(kustomize, join(checkout.directory, folder))
  if ('error' in built) {
    return { manifests: [], faults: [{ file, message: built.error.replaceAll(`${checkout.directory}/`, '') }] }
  }
  const read = readManifests(file, built.text)
  const sources = await sourcesOf(checkout)
  const manifests = read.manifests.map(({ object }) => ({ object, place: placeOf(object, sources, file) }))
  return { manifests, faults: read.faults.map(({ message }) => ({ file, message })) }
}

function run(program: string, directory: string): Promise<{ text: string } | { error: string }> {
  const args = basename(program).startsWith('kubectl') ? ['kustomize', directory] : ['build', directory]
  // Without a PATH it finds no git; the proxy, to nowhere, is for what it would load by itself.
  const env = {
    PATH: '/nonexistent',
    HOME: '/nonexistent',
    HTTP_PROXY: 'http://127.0.0.1:1',
    HTTPS_PROXY: 'http://127.0.0.1:1',
  }
  const { promise, resolve } = Promise.withResolvers<{ text: string } | { error: string }>()
  execFile(program, args, { env, timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES }, (error, stdout, stderr) => {
    if (!error) resolve({ text: stdout })
    else if (error.killed) resolve({ error: `kustomize took longer than ${TIMEOUT_MS / 1_000} s, or wrote too much` })
    else
      resolve({
        error:
          stderr
            .replace(/^(error|Error): /, '')
            .replace(/\s+/g, ' ')
            .trim() || error.message,
      })
  })
  return promise
}

type Kustomization = { [field: string]: unknown }
const BASES = ['resources', 'bases', 'components']

/** What any kustomization of the repository names as a base has to be in the repository, too. */
async function remoteBases({ directory, files }: Checkout): Promise<Fault[]> {
  const tracked = new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)]))
  const faults: Fault[] = []
  for (const { path, isLink } of files) {
    if (!NAMES.includes(basename(path)) || isLink) continue
    const { kustomization, message } = await readKustomization(join(directory, path))
    if (message !== undefined) faults.push({ file: path, message })
    for (const entry of BASES.flatMap((field) => [kustomization[field]].flat())) {
      if (typeof entry !== 'string' || tracked.has(posix.join(dirname(path), entry).replace(/\/$/, ''))) continue
      faults.push({ file: path, message: `${entry} is not in the repository; nothing is fetched from elsewhere` })
    }
  }
  return faults
}

/** One that cannot be read could name anything. */
async function readKustomization(file: string): Promise<{ kustomization: Kustomization; message?: string }> {
  const text = await readFile(file, 'utf8')
  try {
    return { kustomization: (parse(text) as Kustomization | null) ?? {} }
  } catch (error) {
    return { kustomization: {}, message: (error as Error).message.replace(/\s+/g, ' ').trim() }
  }
}

function foldersOf(path: string): string[] {
  const folder = posix.dirname(path)
  return folder === '.' ? ['.'] : [folder, ...foldersOf(folder)]
}

async function sourcesOf({ directory, files }: Checkout): Promise<Manifest[]> {
  const texts = files.filter(({ path, isLink }) => /\.ya?ml$/.test(path) && !isLink && !NAMES.includes(basename(path)))
  const read = await Promise.all(
    texts.map(async ({ path }) => readManifests(path, await readFile(join(directory, path), 'utf8')).manifests),
  )
  return read.flat()
}

function placeOf(object: Manifest['object'], sources: Manifest[], file: string): Manifest['place'] {
  const same = sources.filter(
    (one) => one.object.kind === object.kind && object.metadata.name.includes(one.object.metadata.name),
  )
  const exact = same.filter((one) => one.object.metadata.name === object.metadata.name)
  const [source, ...others] = exact.length > 0 ? exact : same
  return source && others.length === 0 ? source.place : () => ({ file })
}
