import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile, writeFile } from 'node:fs/promises'
import { basename, delimiter, join, posix } from 'node:path'
import process from 'node:process'
import type { Checkout } from './clone.ts'
import { NAMES, readKustomizations } from './kustomization.ts'
import { readManifests, type Manifest, type Read } from './manifests.ts'

/** Absolute path of `kustomize`, or of a `kubectl`, which has it inside; undefined where there is neither. */
export type Kustomize = string | undefined

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
 * What `kustomize build` makes of a folder. Nothing confines it but what it is given to read: kustomizations that were
 * checked, which name nothing outside the repository, and no plugin. An object stands where the only file of the repository that declares this kind and name has it.
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
  const { json, faults } = await readKustomizations(checkout)
  if (faults.length > 0) return { manifests: [], faults }
  const built = await withFiles(checkout.directory, json, () => run(kustomize, join(checkout.directory, folder)))
  if ('error' in built) {
    return { manifests: [], faults: [{ file, message: built.error.replaceAll(`${checkout.directory}/`, '') }] }
  }
  const read = readManifests(file, built.text)
  const sources = await sourcesOf(checkout)
  const manifests = read.manifests.map(({ object }) => ({ object, place: placeOf(object, sources, file) }))
  return { manifests, faults: read.faults.map(({ message }) => ({ file, message })) }
}

/** The files are as they were afterwards: others name lines of them. */
async function withFiles<T>(directory: string, texts: Map<string, string>, act: () => Promise<T>): Promise<T> {
  const before = await Promise.all(
    [...texts.keys()].map(async (path) => [path, await readFile(join(directory, path))] as const),
  )
  const write = (entries: Iterable<readonly [string, string | Buffer]>): Promise<unknown> =>
    Promise.all([...entries].map(([path, text]) => writeFile(join(directory, path), text)))
  try {
    await write(texts)
    return await act()
  } finally {
    await write(before)
  }
}

function run(program: string, directory: string): Promise<{ text: string } | { error: string }> {
  const args = basename(program).startsWith('kubectl') ? ['kustomize', directory] : ['build', directory]
  // Without a PATH it finds no git. The proxy, to nowhere, is a second lock: Go uses none for loopback.
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
