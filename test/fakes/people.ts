import type { NotifyActivities } from '../../activities/index.ts'
import type { Happening } from '../../activities/report.ts'
import type { Notice } from '../../crds/notices.ts'

/** What people hear, and what keeps them from it. */
export type Hearing = {
  /** Kubernetes Events. */
  events: Happening[]
  /** What they are told outside the cluster. */
  notices: (Notice & { channel: string })[]
  /** What happens while a Channel is told; what it throws is the answer. */
  whileNotifying?: (channel: string) => Promise<void>
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
})
