import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkout, TrackedFile } from './clone.ts'
import { isKustomization, kustomized, type Kustomize } from './kustomize.ts'
import { readManifests, type Manifest } from './manifests.ts'
import { troubleOf, type Fault } from './trouble.ts'

const MOST_BYTES = 16 << 20
const MOST_OBJECTS = 1_000

export type BuildOptions = {
  checkout: Checkout
  /** A folder of the repository; empty: its root. */
  path: string
  kustomize: Kustomize
  /** Nothing at all is meant so. */
  allowEmpty: boolean
}

/** All that a folder declares. Throws `Trouble` with file and line of all that is wrong. */
export async function build({ checkout, path, kustomize, allowEmpty }: BuildOptions): Promise<Manifest[]> {
  const folder = path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
  const inside = checkout.files.filter((file) => folder === '' || file.path.startsWith(`${folder}/`))
  if (inside.length === 0 && !allowEmpty) fail([{ message: `the branch has no folder ${folder || '/'} with files` }])
  const built = inside.some((file) => isKustomization(file.path, folder))
    ? await kustomized({ checkout, folder, kustomize })
    : await plain(checkout, inside)
  if (built.faults.length > 0) fail(built.faults)
  const { manifests } = built
  if (manifests.length === 0 && !allowEmpty) {
    fail([
      { message: `${folder || 'the repository'} declares nothing; if that is meant, set allowEmpty in the Source` },
    ])
  }
  if (manifests.length > MOST_OBJECTS) {
    fail([{ message: `${manifests.length} objects are more than ${MOST_OBJECTS}; divide them among Sources` }])
  }
  return manifests
}

/** Folders and files that begin with a dot are for others: CI, editors. */
const isManifest = ({ path }: TrackedFile): boolean =>
  /\.(ya?ml|json)$/.test(path) && !path.split('/').some((part) => part.startsWith('.'))

async function plain(
  { directory }: Checkout,
  files: TrackedFile[],
): Promise<{ manifests: Manifest[]; faults: Fault[] }> {
  const manifests: Manifest[] = []
  const faults: Fault[] = []
  let bytes = 0
  for (const file of files.filter(isManifest).toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
    if (file.isLink) {
      faults.push({ file: file.path, message: 'this is a symbolic link; they are not followed' })
      continue
    }
    const text = await readFile(join(directory, file.path), 'utf8')
    bytes += text.length
    if (bytes > MOST_BYTES) fail([{ message: `the files have more than ${MOST_BYTES >> 20} MiB` }])
    const read = readManifests(file.path, text)
    manifests.push(...read.manifests)
    faults.push(...read.faults)
  }
  return { manifests, faults }
}

function fail(faults: Fault[]): never {
  throw troubleOf('BuildFailed', faults)
}
