/** How the end of a Job is told, in the timeline and as an Event. */
export const JOB_ENDED = { passed: 'JobPassed', failed: 'JobFailed' } as const

/** The same words wherever the end of a step that asks somebody else is told. */
export const hookEnded = (release: number, sentence: string): string => `Release ${release}: ${sentence}`
