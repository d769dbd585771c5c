export { startController } from './controller.ts'
export { searchAttributes } from './search-attributes.ts'
export { temporalWorkflows } from './temporal.ts'
export type { RolloutRef, RunState, Word, Workflows } from './workflows.ts'
