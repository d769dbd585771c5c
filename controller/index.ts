export { startController, type Controller, type ControllerOptions } from './controller.ts'
export { temporalWorkflows, type TemporalOptions } from './temporal.ts'
export type { RolloutRef, RunState, Workflows } from './workflows.ts'
