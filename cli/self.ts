import process from 'node:process'

/** How whoever reads it can start this program again: by npm where npm has started it, else by its name. */
export const callOf = ({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): string =>
  script === 'sluice' ? 'npm run -s sluice --' : 'sluice'

export const SELF = callOf(process.env)

export const isByNpm = SELF !== 'sluice'
