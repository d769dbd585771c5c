import { notFound, type Configs, type Source } from './configs.ts'
import { fieldOf } from './fields.ts'
import type { Container, EnvFrom, EnvVar, KeyRef, Pod } from './pod.ts'

/** A sentence in a kubelet's words. */
export type Missing = { missing: string }

type Given = { pod: Pod; configs: Configs; env: Record<string, string> }

/**
 * Variables of a container on top of `base`: `envFrom`, then `env`, later ones over earlier ones, with `$(NAME)`
 * replaced by what came before. Or what is missing for it.
 */
export async function environmentOf(
  pod: Pod,
  container: Container,
  { configs, base }: { configs: Configs; base: Record<string, string> },
): Promise<{ env: Record<string, string> } | Missing> {
  const given: Given = { pod, configs, env: { ...base } }
  for (const one of container.envFrom ?? []) {
    const missing = await takeAll(given, one)
    if (missing !== undefined) return { missing }
  }
  for (const one of container.env ?? []) {
    const missing = await takeOne(given, one)
    if (missing !== undefined) return { missing }
  }
  return { env: given.env }
}

/** A name that nothing has stays as it is written. */
export const expand = (text: string, env: Record<string, string>): string =>
  text.replace(/\$\(([\w.-]+)\)/g, (whole, name: string) => env[name] ?? whole)

async function takeAll({ configs, env }: Given, { prefix = '', ...from }: EnvFrom): Promise<string | undefined> {
  const source: Source = from.secretRef ? 'secret' : 'configMap'
  const ref = from.secretRef ?? from.configMapRef
  if (!ref) return undefined
  const config = await configs(source, ref.name)
  if (!config) return ref.optional ? undefined : notFound(source, ref.name)
  for (const [key, value] of Object.entries(config.texts)) env[prefix + key] = value
  return undefined
}

async function takeOne(given: Given, { name, value = '', valueFrom }: EnvVar): Promise<string | undefined> {
  const { pod, env } = given
  if (!valueFrom) {
    env[name] = expand(value, env)
    return undefined
  }
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom
  if (configMapKeyRef) return takeKey(given, { name, source: 'configMap', ref: configMapKeyRef })
  if (secretKeyRef) return takeKey(given, { name, source: 'secret', ref: secretKeyRef })
  const field = fieldRef && fieldOf(pod, fieldRef.fieldPath)
  if (field === undefined) return `valueFrom of the variable ${name} is not supported by this node`
  env[name] = field
  return undefined
}

async function takeKey(
  { pod, configs, env }: Given,
  { name, source, ref }: { name: string; source: Source; ref: KeyRef },
): Promise<string | undefined> {
  const config = await configs(source, ref.name)
  const value = config?.texts[ref.key]
  if (value !== undefined) env[name] = value
  if (value !== undefined || ref.optional) return undefined
  if (!config) return notFound(source, ref.name)
  const kind = source === 'secret' ? 'Secret' : 'ConfigMap'
  return `couldn't find key ${ref.key} in ${kind} ${pod.metadata.namespace}/${ref.name}`
}
