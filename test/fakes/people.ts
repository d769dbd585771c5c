import type { CallbackInput } from '../../activities/callback.ts'
import type { NotifyActivities } from '../../activities/index.ts'
import type { Recorded } from '../../activities/events.ts'
import type { Notice } from '../../crds/notices.ts'

/** What people hear, and what keeps them from it. */
export type Hearing = {
  /** Kubernetes Events. */
  events: Recorded[]
  /** What they are told outside the cluster. */
  notices: (Notice & { channel: string })[]
  /** What happens while a Channel is told; what it throws is the answer. */
  whileNotifying?: (channel: string) => Promise<void>
  /** Who was told where a gate can be answered. */
  invited: CallbackInput[]
  /** What happens while they are; what it throws is the answer. */
  whileInviting?: () => Promise<void>
}

export const fakePeople = (worldOf: (name: string) => Hearing): NotifyActivities => ({
  async recordEvent({ ref, type, reason, message }) {
    worldOf(ref.name).events.push({ type, reason, message })
  },
  async notify({ ref, channel, notice }) {
    const { notices, whileNotifying } = worldOf(ref.name)
    await whileNotifying?.(channel)
    notices.push({ channel, ...notice })
  },
  async callback(input) {
    const { invited, whileInviting } = worldOf(input.ref.name)
    await whileInviting?.()
    invited.push(input)
  },
})
