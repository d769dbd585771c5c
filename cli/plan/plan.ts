import { stringify } from 'yaml'
import { parseDuration } from '../../crds/duration.ts'
import type { Terminal } from '../terminal.ts'
import { rolloutsIn } from './rollouts.ts'
import { foresee, told } from './report.ts'

export type PlanOptions = { file: string; rate: number; scrape: string; output?: 'json' | 'yaml' }

/**
 * `sluice plan -f FILE`: what the releases of the Rollouts in it would be, without a cluster. Gives the exit code: 1
 * where the API server would refuse one of them. Throws `Refusal` for a file without Rollouts.
 */
export async function plan(options: PlanOptions, terminal: Terminal): Promise<number> {
  const found = await rolloutsIn(options.file)
  const world = { rate: options.rate, scrape: parseDuration(options.scrape) / 1_000 }
  const complaints = found.flatMap((one) => ('complaints' in one ? one.complaints : []))
  const declared = found.flatMap((one) => ('declared' in one ? [one.declared] : []))
  const foreseen = declared.map((one) => ({ ...foresee(one, world), plan: one.plan, policy: one.policy }))
  if (options.output === 'json') terminal.print(`${JSON.stringify(foreseen, undefined, 2)}\n`)
  else if (options.output === 'yaml') terminal.print(stringify(foreseen, { aliasDuplicateObjects: false }))
  else {
    const texts = declared.flatMap((one, index) => (foreseen[index] ? [told(one, foreseen[index], terminal)] : []))
    terminal.print(texts.map((lines) => `${lines.join('\n')}\n`).join('\n'))
  }
  for (const complaint of complaints) terminal.complain(`${terminal.colors.red('error:')} ${complaint}\n`)
  return complaints.length > 0 ? 1 : 0
}
