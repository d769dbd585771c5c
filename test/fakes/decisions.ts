import type { ActActivities } from '../../activities/index.ts'
import type { DecisionSpec } from '../../crds/decision.ts'
import type { Answer } from '../../workflows/contract.ts'

/** What people said, where the API server vouches for all of it. */
export type Deciding = {
  /** Decisions by their names. */
  decisions: Map<string, DecisionSpec & { uid: string }>
  /** What became of them, oldest first. */
  answers: Answer[]
  /** What happens while a Decision is read; what it throws is the answer. */
  whileReading?: (name: string) => Promise<void>
}

export const fakeDecisions = (
  worldOf: (name: string) => Deciding,
): Pick<ActActivities, 'readDecision' | 'recordDecision'> => ({
  async readDecision({ ref, name, uid }) {
    const { decisions, whileReading } = worldOf(ref.name)
    await whileReading?.(name)
    const found = decisions.get(name)
    if (found?.uid !== uid) return { refused: `there is no Decision ${name} with this UID`, isFinal: true }
    return { word: { ...found, name } }
  },
  async recordDecision({ ref, ...answer }) {
    worldOf(ref.name).answers.push(answer)
  },
})
