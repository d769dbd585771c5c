import { compile, type CompiledRelease } from '../../crds/plan.ts'
import type { RolloutSpec } from '../../crds/schema/rollout.ts'
import { admit } from '../admission/admission.ts'
import { documentsIn, placeWords, spelled, type Written } from '../admission/documents.ts'
import { Refusal } from '../failure.ts'

/** A Rollout of a file that the API server would take. */
export type Declared = CompiledRelease & { name: string; namespace: string | undefined; spec: RolloutSpec }

/** One Rollout, or what is wrong with it: `rollout.yaml:12:3: spec.replicas: …`. */
export type Found = { declared: Declared } | { complaints: string[] }

/** Every Rollout in a file of YAML or JSON documents, `-` is standard input. Throws `Refusal` where there is none. */
export async function rolloutsIn(file: string): Promise<Found[]> {
  const found = (await documentsIn(file)).flatMap((written): Found[] => {
    if ('trouble' in written) {
      return [{ complaints: written.trouble.map(({ at, message }) => `${placeWords(at)}: ${message}`) }]
    }
    return written.manifest.kind === 'Rollout' ? [read(written)] : []
  })
  if (found.length === 0) throw new Refusal(`there is no Rollout in ${file === '-' ? 'standard input' : file}`)
  return found
}

function read({ manifest, placeOf }: Extract<Written, { manifest: unknown }>): Found {
  const admitted = admit(manifest)
  if ('complaints' in admitted) {
    return {
      complaints: admitted.complaints.map(
        ({ path, message }) => `${placeWords(placeOf(path))}: ${spelled(path)}: ${message}`,
      ),
    }
  }
  const { name = 'rollout', namespace } = manifest.metadata ?? {}
  const { spec } = admitted
  return { declared: { ...compile(spec), name, namespace, spec } }
}
