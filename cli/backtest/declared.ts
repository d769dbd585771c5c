import { readFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import type { ZodError } from 'zod'
import { compile, type CompiledRelease } from '../../crds/plan.ts'
import { rolloutSpec } from '../../crds/schema/rollout.ts'
import { Refusal } from '../failure.ts'

/** What a manifest declares, with the defaults that the API server would fill in. */
export type Declared = CompiledRelease & { namespace: string | undefined; name: string; service: string }

/** The Rollout in a file of YAML or JSON; the first one where there are several. Throws `Refusal` with the field. */
export async function readDeclared(file: string): Promise<Declared> {
  const documents = parseAllDocuments(await textOf(file))
  for (const { errors } of documents) {
    const [error] = errors
    if (error) throw new Refusal(`${file} is no YAML: ${error.message.split('\n')[0]}`)
  }
  const rollout = documents
    .map((document) => document.toJS() as Manifest | null)
    .find((found) => found?.kind === 'Rollout')
  if (!rollout) throw new Refusal(`there is no Rollout in ${file}`)
  const { name = 'rollout', namespace } = rollout.metadata ?? {}
  const { data: spec, error } = rolloutSpec.safeParse(rollout.spec)
  if (error) throw new Refusal(`${file}: ${complaint(error)}`)
  try {
    return { ...compile(spec), namespace, name, service: spec.service.name }
  } catch (error) {
    throw new Refusal(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

type Manifest = { kind?: string; metadata?: { name?: string; namespace?: string }; spec?: unknown }

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Refusal(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function complaint({ issues }: ZodError): string {
  const [first] = issues
  return first ? `${['spec', ...first.path].join('.')}: ${first.message}` : 'spec is not that of a Rollout'
}
