import { Refusal } from '../failure.ts'
import { rolloutsIn, type Declared } from '../plan/rollouts.ts'

/** The Rollout in a file of YAML or JSON; the first one where there are several. Throws `Refusal` with line and field. */
export async function readDeclared(file: string): Promise<Declared> {
  const [first] = await rolloutsIn(file)
  if (!first) throw new Refusal(`there is no Rollout in ${file}`)
  if ('complaints' in first) throw new Refusal(first.complaints.join('\n'))
  return first.declared
}
