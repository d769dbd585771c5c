export { startSources, type Sources } from './sources.ts'
