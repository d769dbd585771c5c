import { existsSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { notFound, type Configs, type Source } from './configs.ts'
import type { Missing } from './environment.ts'
import { fieldOf } from './fields.ts'
import type { Container, DownwardItems, Items, Pod, Projection, Volume } from './pod.ts'
import type { Tokens } from './tokens.ts'

/** Every pod has one from the API server itself: credentials for it, which nothing on this node asks for. */
const CREDENTIALS = /^kube-api-access-/

/**
 * Makes the files of a container's volumes and the folder in which it finds them under their mount paths: there are no
 * mounts here, so `/etc/shop` is `$CONTAINER_ROOT/etc/shop`. Files stay as they are while the pod lives. Returns that
 * folder, or what is missing.
 */
export async function mountVolumes(
  pod: Pod,
  container: Container,
  { configs, tokens, directory }: Sources & { directory: string },
): Promise<{ root: string } | Missing> {
  const root = join(directory, 'root', container.name)
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true, mode: 0o700 })
  for (const { name, mountPath, subPath = '' } of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find((one) => one.name === name)
    if (!volume || CREDENTIALS.test(name)) continue
    const folder = join(directory, 'volumes', name)
    const missing = existsSync(folder) ? undefined : await fill(pod, volume, { configs, tokens, folder })
    if (missing !== undefined) return { missing: `MountVolume.SetUp failed for volume "${name}" : ${missing}` }
    const place = join(root, normalize(mountPath))
    await mkdir(dirname(place), { recursive: true })
    await symlink(join(folder, normalize(subPath)), place)
  }
  return { root }
}

/** What a pod leaves on disk but its logs, secrets included. */
export async function removeVolumes(directory: string): Promise<void> {
  await Promise.all(['root', 'volumes'].map((part) => rm(join(directory, part), { recursive: true, force: true })))
}

type Files = Record<string, Buffer | string>

type Sources = { configs: Configs; tokens: Tokens }

type Filling = Sources & { folder: string }

/** The folder appears when everything that belongs into it is known. */
async function fill(pod: Pod, volume: Volume, { folder, ...from }: Filling): Promise<string | undefined> {
  const sources = sourcesOf(volume)
  if (!sources) return 'its kind is not supported by this node'
  const files: Files = {}
  for (const source of sources) {
    const found = await filesOf(pod, source, from)
    if ('missing' in found) return found.missing
    Object.assign(files, found.files)
  }
  await writeAll(folder, files)
  return undefined
}

async function writeAll(folder: string, files: Files): Promise<void> {
  const aside = `${folder}.unfinished`
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside, { recursive: true, mode: 0o700 })
  for (const [path, content] of Object.entries(files)) {
    const file = join(aside, normalize(`/${path}`))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content, { mode: 0o600 })
  }
  await rename(aside, folder)
}

function sourcesOf({ emptyDir, configMap, secret, downwardAPI, projected }: Volume): Projection[] | undefined {
  if (emptyDir) return []
  if (configMap) return [{ configMap }]
  if (secret) return [{ secret: { ...secret, name: secret.secretName } }]
  if (downwardAPI) return [{ downwardAPI }]
  return projected?.sources
}

async function filesOf(
  pod: Pod,
  projection: Projection,
  { configs, tokens }: Sources,
): Promise<{ files: Files } | Missing> {
  const { serviceAccountToken } = projection
  if (serviceAccountToken) return { files: { [serviceAccountToken.path]: await tokens(pod, serviceAccountToken) } }
  if (projection.downwardAPI) return fieldFiles(pod, projection.downwardAPI.items ?? [])
  const source: Source = projection.secret ? 'secret' : 'configMap'
  const ref = projection.secret ?? projection.configMap
  if (!ref) return { missing: 'one of its sources is not supported by this node' }
  const config = await configs(source, ref.name)
  if (!config) return ref.optional ? { files: {} } : { missing: notFound(source, ref.name) }
  return chosen(config.files, ref)
}

function chosen(
  all: Record<string, Buffer>,
  { items, optional = false }: { items?: Items; optional?: boolean },
): { files: Files } | Missing {
  const files: Files = {}
  for (const { key, path } of items ?? Object.keys(all).map((key) => ({ key, path: key }))) {
    const content = all[key]
    if (content) files[path] = content
    else if (!optional) return { missing: `references non-existent config key: ${key}` }
  }
  return { files }
}

function fieldFiles(pod: Pod, items: DownwardItems): { files: Files } | Missing {
  const files: Files = {}
  for (const { path, fieldRef } of items) {
    const value = fieldRef && fieldOf(pod, fieldRef.fieldPath)
    if (value === undefined) return { missing: `the field for ${path} is not supported by this node` }
    files[path] = value
  }
  return { files }
}
