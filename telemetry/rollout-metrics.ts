import { Gauge, type Registry } from 'prom-client'

const ROLLOUT = ['namespace', 'name'] as const

export type RolloutSample = {
  namespace: string
  name: string
  /** Percent of the requests that the canary gets. */
  weight: number
  conditions: { type: string; status: string }[]
  /** A release that is under way does not go on before a person does something. */
  waits: boolean
}

type Ref = Pick<RolloutSample, 'namespace' | 'name'>

const TYPES = ['Ready', 'Reconciling', 'Stalled']

/** How Rollouts are; written by the controller, which also knows when one is gone. `now`: epoch milliseconds. */
export function rolloutMetrics(registers: Registry[], now: () => number) {
  const gauge = (name: string, help: string): Gauge<(typeof ROLLOUT)[number]> =>
    new Gauge({ name, help, labelNames: ROLLOUT, registers })
  const info = gauge('sluice_rollout_info', '1 for every Rollout the engine knows.')
  const weight = gauge('sluice_rollout_weight', 'Percentage of the requests that the canary gets.')
  const condition = new Gauge({
    name: 'sluice_rollout_condition',
    help: '1 for every condition that a Rollout has, by type and status.',
    labelNames: [...ROLLOUT, 'type', 'status'],
    registers,
  })
  const pauses = manualPauses(registers, now)

  function forget({ namespace, name }: Ref): void {
    info.remove({ namespace, name })
    weight.remove({ namespace, name })
    for (const type of TYPES)
      for (const status of ['True', 'False', 'Unknown']) condition.remove({ namespace, name, type, status })
  }

  return {
    /** Replaces what was known of this Rollout. */
    setRollout({ namespace, name, weight: percent, conditions, waits }: RolloutSample): void {
      forget({ namespace, name })
      info.set({ namespace, name }, 1)
      weight.set({ namespace, name }, percent)
      for (const { type, status } of conditions) condition.set({ namespace, name, type, status }, 1)
      pauses.note({ namespace, name }, waits)
    },
    /** The Rollout is gone, and its series with it. */
    forgetRollout(ref: Ref): void {
      forget(ref)
      pauses.forget(ref)
    },
    /** Others say how they are from now on: what is no longer kept up to date would be said for ever. */
    forgetRollouts(): void {
      for (const each of [info, weight, condition]) each.reset()
      pauses.forgetAll()
    },
  }
}

/** Counted from when this process saw it first. */
function manualPauses(registers: Registry[], now: () => number) {
  const since = new Map<string, Ref & { at?: number }>()
  const keyOf = ({ namespace, name }: Ref): string => `${namespace}/${name}`
  const gauge = new Gauge({
    name: 'sluice_rollout_manual_pause_duration_seconds',
    help: 'How long its release has waited for a person, whatever for; 0 while it does not.',
    labelNames: ROLLOUT,
    registers,
    collect() {
      for (const { namespace, name, at } of since.values())
        this.set({ namespace, name }, at === undefined ? 0 : (now() - at) / 1_000)
    },
  })
  return {
    note(ref: Ref, waits: boolean): void {
      const at = waits ? (since.get(keyOf(ref))?.at ?? now()) : undefined
      since.set(keyOf(ref), { ...ref, ...(at === undefined ? {} : { at }) })
    },
    forget(ref: Ref): void {
      since.delete(keyOf(ref))
      gauge.remove(ref)
    },
    forgetAll(): void {
      since.clear()
      gauge.reset()
    },
  }
}
