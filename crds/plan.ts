import type { Policy } from './policy.ts'

/** What a strategy compiles to: one flat list. Durations are milliseconds, weights percent. */
export type Plan = { steps: Step[]; bake?: { forMs: number; holdBack: number } }

export type Step =
  | { kind: 'setWeight'; weight: number }
  | { kind: 'analyze'; forMs: number }
  | { kind: 'pause'; forMs?: number }
  | { kind: 'approve'; name: string; expiresAfterMs: number }

export type CompiledRelease = { plan: Plan; policy: Policy }
