export function missingPrerequisites(names: string[], env?: NodeJS.ProcessEnv): string[]
export function prerequisitesOf(stage: 'install' | 'build'): string[]
