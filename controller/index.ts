export { startController } from './controller.ts'
export { temporalWorkflows } from './temporal.ts'
export type { RolloutRef, RunState, Word, Workflows } from './workflows.ts'
